/* Who may pass where and how: the rules and the areas. */
import { useState } from 'preact/hooks';
import { post } from '../api';
import { t, word } from '../i18n';
import { useDesk } from '../shell';
import { ask, Await, Badge, Button, Card, Empty, Table, TextField, useAct } from '../ui';
import { Editor, RowActions, type Named } from './editor';
import { Check, Choices, Select, useAll } from './parts';

interface Rule extends Named { open: string[]; doors?: string[]; groups?: string[]; schedule?: string; persons?: 1 | 2; guard?: boolean; direction?: 'both' | 'in' | 'out' }
interface Area extends Named { entries: string[]; exits?: string[]; antipassback?: 'soft' | 'hard' | 'timed'; minutes?: number }

const WAYS = ['face', 'card', 'qr', 'card+pin', 'face+card', 'face+pin', 'qr+pin', 'pin', 'pass'];
export const sayWay = (way: string): string => way.split('+').map((f) => (f === 'pass' ? t("visitor's pass", '访客通行证') : word(f))).join(' + ');
const directions = (): (readonly [string, string])[] => [['both', t('in and out', '进出')], ['in', t('only in', '仅进')], ['out', t('only out', '仅出')]];

/** What is left out says "all": empty lists and defaults are not sent. */
function lean(change: Partial<Rule>): Partial<Rule> {
	return Object.fromEntries(Object.entries(change).map(([k, v]) => [k, Array.isArray(v) && v.length === 0 && k !== 'open' ? undefined : v === '' ? undefined : v])) as Partial<Rule>;
}

function RuleFields({ rule, edit, tried }: { rule: Rule; edit: (change: Partial<Rule>) => void; tried: boolean }) {
	const { status } = useDesk(), groups = useAll<Named>('access/groups'), schedules = useAll<Named>('access/schedules');
	const set = (change: Partial<Rule>): void => edit(lean(change));
	const ways = [...WAYS, ...rule.open.filter((w) => !WAYS.includes(w))];

	return (
		<>
			<Choices label={t('Opens by (one of them is enough)', '开门方式（满足其一即可）')} of={ways.map((w) => [w, sayWay(w)] as const)} value={rule.open} set={(open) => set({ open })} />
			{tried && rule.open.length === 0 && <p class="note bad" role="alert">{t('Choose at least one way.', '请至少选择一种方式。')}</p>}
			{tried && rule.open.length > 8 && <p class="note bad" role="alert">{t('At most eight ways.', '最多八种方式。')}</p>}
			<Choices label={t('Doors', '门')} of={(status?.doors ?? []).map((d) => [d.name, d.name] as const)} value={rule.doors ?? []} set={(doors) => set({ doors })} none={t('None chosen: every door.', '未选择：适用于所有门。')} />
			<Await load={groups}>{(list) => <Choices label={t('Groups', '人员组')} of={list.map((g) => [g.id, g.title || g.id] as const)} value={rule.groups ?? []} set={(g) => set({ groups: g })} none={t('None chosen: everybody enrolled.', '未选择：适用于所有已登记人员。')} />}</Await>
			<div class="columns">
				<Await load={schedules}>{(list) => <Select label={t('When', '时间')} value={rule.schedule ?? ''} set={(schedule) => set({ schedule })} of={[['', t('always', '始终')], ...list.map((s) => [s.id, s.title || s.id] as const)]} />}</Await>
				<Select label={t('Direction', '方向')} value={rule.direction ?? 'both'} set={(d) => set({ direction: d as NonNullable<Rule['direction']> })} of={directions()} />
				<Select label={t('People needed', '所需人数')} value={String(rule.persons ?? 1)} set={(p) => set({ persons: p === '2' ? 2 : 1 })} of={[['1', t('one', '一人')], ['2', t('two different people', '两名不同人员')]]} />
			</div>
			<Check label={t('A guard has the last word', '须保安确认')} value={rule.guard ?? false} set={(guard) => set({ guard })} />
		</>
	);
}

export function Rules() {
	const load = useAll<Rule>('access/rules'), [editing, setEditing] = useState<{ id: string | undefined } | undefined>();
	const head = [t('Rule', '规则'), t('Who', '谁'), t('Where', '门'), t('How', '方式'), t('When', '时间'), t('Change', '操作')];

	return (
		<>
			<div class="row"><Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>{t('New rule', '新建规则')}</Button></div>
			<Await load={load}>{(list) => (
				<>
					{list.length === 0 ? (
						<Card><Empty icon="calendar" title={t('The built-in rule holds', '内置规则生效中')}>{t('Whoever is enrolled, on and valid passes every door by face, card or QR code, always. The first rule of your own takes its place: from then on only what a rule allows is allowed.',
							'已登记、启用且在有效期内的人员可随时凭人脸、卡或二维码通过所有门。新建第一条规则后即取代内置规则：此后仅允许规则所列。')}</Empty></Card>
					) : (
						<div class="stacked"><Table label={t('Rules', '规则')} head={head}>
							{list.map((r) => (
								<tr key={r.id}><td data-label={head[0]}><span><strong>{r.title || r.id}</strong>{r.title && <span class="mono dim"> {r.id}</span>}</span></td>
									<td data-label={head[1]}>{r.groups?.join(', ') ?? t('everybody', '所有人')}{r.persons === 2 && <> <Badge>{t('two people', '双人')}</Badge></>}</td>
									<td data-label={head[2]}>{r.doors?.join(', ') ?? t('every door', '所有门')}{r.direction && r.direction !== 'both' && <> <Badge>{r.direction === 'in' ? t('in', '进') : t('out', '出')}</Badge></>}</td>
									<td data-label={head[3]}><span>{r.open.map(sayWay).join(t(' or ', ' 或 '))}{r.guard && <> <Badge tone="info">{t('guard agrees', '须保安确认')}</Badge></>}</span></td>
									<td data-label={head[4]}>{r.schedule ?? t('always', '始终')}</td>
									<td><RowActions kind="rules" id={r.id} edit={() => setEditing({ id: r.id })} done={load.reload} /></td></tr>
							))}
						</Table></div>
					)}
					{editing && (
						<Editor<Rule> kind="rules" title={editing.id ? t(`Rule ${editing.id}`, `规则 ${editing.id}`) : t('New rule', '新建规则')} fresh={{ id: editing.id ?? '', open: ['face', 'card'] }} id={editing.id} taken={list.map((r) => r.id)}
							close={() => setEditing(undefined)} done={load.reload} problem={(r) => (r.open.length === 0 || r.open.length > 8 ? 'open' : undefined)}>
							{(rule, edit, tried) => <RuleFields rule={rule} edit={edit} tried={tried} />}
						</Editor>
					)}
				</>
			)}</Await>
		</>
	);
}

/* ---- areas ---- */

const kinds = (): (readonly [string, string])[] => [
	['soft', t('let in, and tell', '放行并记录')], ['hard', t('refuse until the person left', '离开前拒绝再次进入')], ['timed', t('refuse for some minutes', '若干分钟内拒绝')]];

function AreaFields({ area, edit, tried, wrong }: { area: Area; edit: (change: Partial<Area>) => void; tried: boolean; wrong: string | undefined }) {
	const { status } = useDesk(), doors = (status?.doors ?? []).map((d) => [d.name, d.name] as const);

	return (
		<>
			<Choices label={t('Doors that lead in', '入口门')} of={doors} value={area.entries} set={(entries) => edit({ entries })} />
			<Choices label={t('Doors that only lead out', '仅出口门')} of={doors} value={area.exits ?? []} set={(exits) => edit({ exits: exits.length ? exits : undefined } as Partial<Area>)} />
			<div class="columns">
				<Select label={t('Entering twice', '重复进入')} value={area.antipassback ?? 'soft'} set={(a) => edit({ antipassback: a as NonNullable<Area['antipassback']>, ...(a === 'timed' ? { minutes: area.minutes ?? 30 } : { minutes: undefined }) } as Partial<Area>)} of={kinds()} />
				{area.antipassback === 'timed' && <TextField label={t('Minutes', '分钟')} type="number" min="1" value={String(area.minutes ?? '')} set={(m) => edit({ minutes: Number(m) })} max={5} />}
			</div>
			{tried && wrong && <p class="note bad" role="alert">{wrong}</p>}
		</>
	);
}

export function Areas() {
	const load = useAll<Area>('access/areas'), [editing, setEditing] = useState<{ id: string | undefined } | undefined>(), { busy, act } = useAct();
	const head = [t('Area', '区域'), t('In by', '入口'), t('Out by', '出口'), t('Entering twice', '重复进入'), t('Change', '操作')];
	const wrong = (a: Area): string | undefined => (a.entries.length === 0 ? t('Choose at least one door that leads in.', '请至少选择一个入口门。')
		: a.antipassback === 'timed' && !(Number.isInteger(a.minutes) && (a.minutes ?? 0) >= 1 && (a.minutes ?? 0) <= 10080) ? t('1 to 10080 minutes.', '1 至 10080 分钟。') : undefined);
	const reset = async (id: string): Promise<void> => {
		if (await ask({ title: t(`Everybody is outside of "${id}"?`, `将所有人视为在“${id}”之外？`), text: t('Whoever is inside may then enter once more.', '之后在内的人员可再次进入。'), yes: t('Reset', '重置') }))
			await act(() => post(`access/areas/${encodeURIComponent(id)}/reset`), t('Everybody counts as outside.', '所有人已视为在外。'));
	};

	return (
		<>
			<div class="row"><Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>{t('New area', '新建区域')}</Button></div>
			<Await load={load}>{(list) => (
				<>
					{list.length === 0 ? <Card><Empty icon="door" title={t('No areas', '暂无区域')}>{t('An area knows who is inside, so that one card does not let two people in.', '区域记录谁在里面，防止一卡多人进入。')}</Empty></Card> : (
						<div class="stacked"><Table label={t('Areas', '区域')} head={head}>
							{list.map((a) => (
								<tr key={a.id}><td data-label={head[0]}><strong>{a.title || a.id}</strong></td><td data-label={head[1]}>{a.entries.join(', ')}</td><td data-label={head[2]}>{a.exits?.join(', ') ?? ''}</td>
									<td data-label={head[3]}>{kinds().find(([k]) => k === (a.antipassback ?? 'soft'))?.[1]}{a.minutes ? ` (${a.minutes})` : ''}</td>
									<td><div class="row tight"><Button busy={busy} onClick={() => void reset(a.id)} label={t(`Reset ${a.id}`, `重置 ${a.id}`)}>{t('Reset', '重置')}</Button><RowActions kind="areas" id={a.id} edit={() => setEditing({ id: a.id })} done={load.reload} /></div></td></tr>
							))}
						</Table></div>
					)}
					{editing && (
						<Editor<Area> kind="areas" title={editing.id ? t(`Area ${editing.id}`, `区域 ${editing.id}`) : t('New area', '新建区域')} fresh={{ id: editing.id ?? '', entries: [] }} id={editing.id} taken={list.map((a) => a.id)}
							close={() => setEditing(undefined)} done={load.reload} problem={wrong}>
							{(area, edit, tried) => <AreaFields area={area} edit={edit} tried={tried} wrong={wrong(area)} />}
						</Editor>
					)}
				</>
			)}</Await>
		</>
	);
}

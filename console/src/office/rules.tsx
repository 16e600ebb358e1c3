/* Who may pass where and how: the rules and the areas. */
import { useState } from 'preact/hooks';
import { post, type Schemas } from '../api';
import { t, word } from '../i18n';
import { useDesk } from '../shell';
import { ask, Await, Badge, Button, Card, Empty, Table, TextField, useAct, type Tone } from '../ui';
import { Editor, RowActions, type Named } from './editor';
import { Check, Choices, Select, useAll } from './parts';

type Rule = Named & Schemas['Rule'];
type Area = Named & Schemas['Area'];

const WAYS = ['face', 'card', 'qr', 'card+pin', 'face+card', 'face+pin', 'qr+pin', 'pin', 'pass'];
export const sayWay = (way: string): string =>
	way
		.split('+')
		.map((f) => (f === 'pass' ? t('rules.visitorPass') : word(f)))
		.join(' + ');
const directions = (): (readonly [string, string])[] => [
	['both', t('rules.direction.both')],
	['in', t('rules.direction.in')],
	['out', t('rules.direction.out')],
];

/** What is left out says "all": empty lists and defaults are not sent. */
function lean(change: Partial<Rule>): Partial<Rule> {
	return Object.fromEntries(
		Object.entries(change).map(([k, v]) => [
			k,
			Array.isArray(v) && v.length === 0 && k !== 'open' ? undefined : v === '' ? undefined : v,
		]),
	) as Partial<Rule>;
}

function RuleFields({ rule, edit, tried }: { rule: Rule; edit: (change: Partial<Rule>) => void; tried: boolean }) {
	const { status } = useDesk(),
		groups = useAll<Named>('access/groups'),
		schedules = useAll<Named>('access/schedules');
	const set = (change: Partial<Rule>): void => edit(lean(change));
	const ways = [...WAYS, ...rule.open.filter((w) => !WAYS.includes(w))];

	return (
		<>
			<Choices
				label={t('rules.opensBy')}
				of={ways.map((w) => [w, sayWay(w)] as const)}
				value={rule.open}
				set={(open) => set({ open })}
			/>
			{tried && rule.open.length === 0 && (
				<p class="note bad" role="alert">
					{t('rules.waysNone')}
				</p>
			)}
			{tried && rule.open.length > 8 && (
				<p class="note bad" role="alert">
					{t('rules.waysTooMany')}
				</p>
			)}
			<Choices
				label={t('common.doors')}
				of={(status?.doors ?? []).map((d) => [d.name, d.name] as const)}
				value={rule.doors ?? []}
				set={(doors) => set({ doors })}
				none={t('common.noneEveryDoor')}
			/>
			<Await load={groups}>
				{(list) => (
					<Choices
						label={t('common.groups')}
						of={list.map((g) => [g.id, g.title || g.id] as const)}
						value={rule.groups ?? []}
						set={(g) => set({ groups: g })}
						none={t('rules.noneEverybody')}
					/>
				)}
			</Await>
			<div class="columns">
				<Await load={schedules}>
					{(list) => (
						<Select
							label={t('common.when')}
							value={rule.schedule ?? ''}
							set={(schedule) => set({ schedule })}
							of={[['', t('rules.always')], ...list.map((s) => [s.id, s.title || s.id] as const)]}
						/>
					)}
				</Await>
				<Select
					label={t('rules.direction')}
					value={rule.direction ?? 'both'}
					set={(d) => set({ direction: d as NonNullable<Rule['direction']> })}
					of={directions()}
				/>
				<Select
					label={t('rules.peopleNeeded')}
					value={String(rule.persons ?? 1)}
					set={(p) => set({ persons: p === '2' ? 2 : 1 })}
					of={[
						['1', t('rules.peopleNeeded.one')],
						['2', t('rules.peopleNeeded.two')],
					]}
				/>
			</div>
			<Check label={t('rules.guardDecides')} value={rule.guard ?? false} set={(guard) => set({ guard })} />
		</>
	);
}

const ruleHead = (): string[] => [
	t('common.rule'),
	t('rules.who'),
	t('rules.where'),
	t('rules.how'),
	t('common.when'),
	t('common.actions'),
];

/** What follows a cell's text, where there is something. */
const Mark = ({ text, tone }: { text: string | false | undefined; tone?: Tone }) =>
	text ? (
		<>
			{' '}
			<Badge {...(tone ? { tone } : {})}>{text}</Badge>
		</>
	) : null;

function RuleRow({ rule, edit, done }: { rule: Rule; edit: () => void; done: () => void }) {
	const head = ruleHead();

	return (
		<tr>
			<td data-label={head[0]}>
				<span>
					<strong>{rule.title || rule.id}</strong>
					{rule.title && <span class="mono dim"> {rule.id}</span>}
				</span>
			</td>
			<td data-label={head[1]}>
				{rule.groups?.join(', ') ?? t('rules.everybody')}
				<Mark text={rule.persons === 2 && t('rules.twoPeople')} />
			</td>
			<td data-label={head[2]}>
				{rule.doors?.join(', ') ?? t('rules.everyDoor')}
				<Mark
					text={rule.direction && rule.direction !== 'both' && (rule.direction === 'in' ? t('common.in') : t('common.out'))}
				/>
			</td>
			<td data-label={head[3]}>
				<span>
					{rule.open.map(sayWay).join(t('common.or'))}
					<Mark text={rule.guard && t('rules.guardAgrees')} tone="info" />
				</span>
			</td>
			<td data-label={head[4]}>{rule.schedule ?? t('rules.always')}</td>
			<td>
				<RowActions kind="rules" id={rule.id} edit={edit} done={done} />
			</td>
		</tr>
	);
}

export function Rules() {
	const load = useAll<Rule>('access/rules'),
		[editing, setEditing] = useState<{ id: string | undefined } | undefined>();

	return (
		<>
			<div class="row">
				<Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>
					{t('rules.new')}
				</Button>
			</div>
			<Await load={load}>
				{(list) => (
					<>
						{list.length === 0 ? (
							<Card>
								<Empty icon="calendar" title={t('rules.builtIn')}>
									{t('rules.builtInText')}
								</Empty>
							</Card>
						) : (
							<div class="stacked">
								<Table label={t('rules.rules')} head={ruleHead()}>
									{list.map((r) => (
										<RuleRow key={r.id} rule={r} edit={() => setEditing({ id: r.id })} done={load.reload} />
									))}
								</Table>
							</div>
						)}
						{editing && (
							<Editor<Rule>
								kind="rules"
								title={editing.id ? t('rules.one', { id: editing.id }) : t('rules.new')}
								fresh={{ id: editing.id ?? '', open: ['face', 'card'] }}
								id={editing.id}
								taken={list.map((r) => r.id)}
								close={() => setEditing(undefined)}
								done={load.reload}
								problem={(r) => (r.open.length === 0 || r.open.length > 8 ? 'open' : undefined)}
							>
								{(rule, edit, tried) => <RuleFields rule={rule} edit={edit} tried={tried} />}
							</Editor>
						)}
					</>
				)}
			</Await>
		</>
	);
}

/* ---- areas ---- */

const kinds = (): (readonly [string, string])[] => [
	['soft', t('rules.passback.tell')],
	['hard', t('rules.passback.untilLeft')],
	['timed', t('rules.passback.minutes')],
];

function AreaFields({
	area,
	edit,
	tried,
	wrong,
}: {
	area: Area;
	edit: (change: Partial<Area>) => void;
	tried: boolean;
	wrong: string | undefined;
}) {
	const { status } = useDesk(),
		doors = (status?.doors ?? []).map((d) => [d.name, d.name] as const);

	return (
		<>
			<Choices label={t('rules.area.entries')} of={doors} value={area.entries} set={(entries) => edit({ entries })} />
			<Choices
				label={t('rules.area.exits')}
				of={doors}
				value={area.exits ?? []}
				set={(exits) => edit({ exits: exits.length ? exits : undefined } as Partial<Area>)}
			/>
			<div class="columns">
				<Select
					label={t('rules.area.passback')}
					value={area.antipassback ?? 'soft'}
					set={(a) =>
						edit({
							antipassback: a as NonNullable<Area['antipassback']>,
							...(a === 'timed' ? { minutes: area.minutes ?? 30 } : { minutes: undefined }),
						} as Partial<Area>)
					}
					of={kinds()}
				/>
				{area.antipassback === 'timed' && (
					<TextField
						label={t('rules.area.minutes')}
						type="number"
						min="1"
						value={String(area.minutes ?? '')}
						set={(m) => edit({ minutes: Number(m) })}
						max={5}
					/>
				)}
			</div>
			{tried && wrong && (
				<p class="note bad" role="alert">
					{wrong}
				</p>
			)}
		</>
	);
}

export function Areas() {
	const load = useAll<Area>('access/areas'),
		[editing, setEditing] = useState<{ id: string | undefined } | undefined>(),
		{ busy, act } = useAct();
	const head = [t('rules.area'), t('rules.area.inBy'), t('rules.area.outBy'), t('rules.area.passback'), t('common.actions')];
	const wrong = (a: Area): string | undefined =>
		a.entries.length === 0
			? t('rules.area.entriesNone')
			: a.antipassback === 'timed' && !(Number.isInteger(a.minutes) && (a.minutes ?? 0) >= 1 && (a.minutes ?? 0) <= 10080)
				? t('rules.area.minutesWrong')
				: undefined;
	const reset = async (id: string): Promise<void> => {
		if (await ask({ title: t('rules.area.reset.confirm', { id }), text: t('rules.area.reset.text'), yes: t('rules.area.reset') }))
			await act(() => post(`access/areas/${encodeURIComponent(id)}/reset`), t('rules.area.reset.done'));
	};

	return (
		<>
			<div class="row">
				<Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>
					{t('rules.area.new')}
				</Button>
			</div>
			<Await load={load}>
				{(list) => (
					<>
						{list.length === 0 ? (
							<Card>
								<Empty icon="door" title={t('rules.area.none')}>
									{t('rules.area.noneText')}
								</Empty>
							</Card>
						) : (
							<div class="stacked">
								<Table label={t('rules.areas')} head={head}>
									{list.map((a) => (
										<tr key={a.id}>
											<td data-label={head[0]}>
												<strong>{a.title || a.id}</strong>
											</td>
											<td data-label={head[1]}>{a.entries.join(', ')}</td>
											<td data-label={head[2]}>{a.exits?.join(', ') ?? ''}</td>
											<td data-label={head[3]}>
												{kinds().find(([k]) => k === (a.antipassback ?? 'soft'))?.[1]}
												{a.minutes ? ` (${a.minutes})` : ''}
											</td>
											<td>
												<div class="row tight">
													<Button busy={busy} onClick={() => void reset(a.id)} label={t('rules.area.resetOne', { id: a.id })}>
														{t('rules.area.reset')}
													</Button>
													<RowActions kind="areas" id={a.id} edit={() => setEditing({ id: a.id })} done={load.reload} />
												</div>
											</td>
										</tr>
									))}
								</Table>
							</div>
						)}
						{editing && (
							<Editor<Area>
								kind="areas"
								title={editing.id ? t('rules.area.one', { id: editing.id }) : t('rules.area.new')}
								fresh={{ id: editing.id ?? '', entries: [] }}
								id={editing.id}
								taken={list.map((a) => a.id)}
								close={() => setEditing(undefined)}
								done={load.reload}
								problem={wrong}
							>
								{(area, edit, tried) => <AreaFields area={area} edit={edit} tried={tried} wrong={wrong(area)} />}
							</Editor>
						)}
					</>
				)}
			</Await>
		</>
	);
}

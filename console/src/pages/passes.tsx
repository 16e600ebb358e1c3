/* Visitors' passes: made at the desk, shown or printed as a QR code, revoked by a manager. */
import { useState } from 'preact/hooks';
import { call, may, post, type Session } from '../api';
import { count, t } from '../i18n';
import { Choices, day, fromLocal, spanProblem, toLocal, useAll } from '../office/parts';
import { PersonPicker, usePeople } from '../office/picker';
import { QrCode } from '../office/qr';
import type { PageProps } from '../routes';
import { useDesk } from '../shell';
import { ask, Await, Badge, Button, Card, Dialog, Empty, Page, PersonName, Table, TextField, useAct, useLoad } from '../ui';

interface Pass { id: string; title?: string; host?: string; doors?: string[]; valid_from: string | null; valid_to: string; uses?: number; used: number; revoked: boolean }

const USES_MAX = 65535, DAY_MS = 86400000;
const over = (pass: Pass): boolean => Date.parse(pass.valid_to) <= Date.now();
const usedUp = (pass: Pass): boolean => pass.uses !== undefined && pass.used >= pass.uses;

function Host({ value, set }: { value: string; set: (id: string) => void }) {
	const { people } = usePeople();

	return <PersonPicker label={t('Whom they visit', '受访人')} people={people} value={value} set={set} hint={t('May be left empty.', '可留空。')} />;
}

function NewDialog({ session, close }: { session: Session; close: () => void }) {
	const { status } = useDesk(), { busy, act } = useAct();
	const [title, setTitle] = useState(''), [host, setHost] = useState(''), [doors, setDoors] = useState<string[]>([]), [uses, setUses] = useState('2');
	const [from, setFrom] = useState(toLocal(new Date().toISOString())), [to, setTo] = useState(toLocal(new Date(Date.now() + DAY_MS).toISOString())), [tried, setTried] = useState(false);
	const wrongTitle = title.trim() === '' ? t('Who is it for?', '请填写访客。') : new TextEncoder().encode(title).length > 128 ? t('Too long.', '过长。') : undefined;
	const wrongTo = !fromLocal(to) ? t('A pass ends.', '请填写失效时间。') : spanProblem(from, to) ?? (Date.parse(to) <= Date.now() ? t('That is over already.', '该时间已过。') : undefined);
	const wrongUses = uses !== '' && !(/^[1-9][0-9]*$/.test(uses) && Number(uses) <= USES_MAX) ? t(`1 to ${USES_MAX}, or nothing.`, `1 至 ${USES_MAX}，或留空。`) : undefined;
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrongTitle || wrongTo || wrongUses) return;
		await act(async () => {
			const pass = await post<Pass>('access/passes', { title: title.trim(), valid_from: fromLocal(from), valid_to: fromLocal(to), ...(host ? { host } : {}), ...(doors.length ? { doors } : {}), ...(uses ? { uses: Number(uses) } : {}) });

			location.hash = `#/passes/${pass.id}`;
		});
	};

	return (
		<Dialog title={t('New pass', '新建通行证')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<TextField label={t('For whom', '访客')} value={title} set={setTitle} max={128} autocomplete="off" error={tried ? wrongTitle : undefined} required />
				{may(session, 'manager') && <Host value={host} set={setHost} />}
				<div class="columns">
					<TextField label={t('From', '生效时间')} type="datetime-local" value={from} set={setFrom} />
					<TextField label={t('Until', '失效时间')} type="datetime-local" value={to} set={setTo} error={tried ? wrongTo : undefined} required />
					<TextField label={t('How often', '使用次数')} inputMode="numeric" value={uses} set={setUses} max={5} placeholder={t('no limit', '不限')} error={tried ? wrongUses : undefined} />
				</div>
				<Choices label={t('Doors', '门')} of={(status?.doors ?? []).map((d) => [d.name, d.name] as const)} value={doors} set={setDoors} none={t('None chosen: every door.', '未选择：适用于所有门。')} />
				<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Make the pass', '生成通行证')}</Button></div>
			</form>
		</Dialog>
	);
}

function StateOf({ pass }: { pass: Pass }) {
	if (pass.revoked) return <Badge tone="bad">{t('revoked', '已撤销')}</Badge>;
	if (over(pass)) return <Badge>{t('over', '已过期')}</Badge>;
	if (usedUp(pass)) return <Badge tone="warn">{t('used up', '已用完')}</Badge>;
	return pass.valid_from && Date.parse(pass.valid_from) > Date.now() ? <Badge tone="info">{t('not yet', '未生效')}</Badge> : <Badge tone="good">{t('valid', '有效')}</Badge>;
}

const span = (pass: Pass): string => `${pass.valid_from ? day(pass.valid_from) : t('now', '现在')} – ${day(pass.valid_to)}`;

function One({ id, session }: { id: string; session: Session }) {
	const code = useLoad<{ id: string; code: string }>(`access/passes/${encodeURIComponent(id)}/code`), all = useAll<Pass>('access/passes');
	const { status } = useDesk(), pass = all.data?.find((p) => p.id === id), { busy, act } = useAct();
	const revoke = async (): Promise<void> => {
		if (!(await ask({ title: t('Revoke this pass?', '撤销此通行证？'), text: t('It opens nothing from now on, wherever a copy is.', '所有副本立即失效。'), yes: t('Revoke', '撤销'), danger: true }))) return;
		if (await act(() => call('DELETE', `access/passes/${encodeURIComponent(id)}`), t('Revoked.', '已撤销。'))) location.hash = '#/passes';
	};

	return (
		<Page title={t("Visitor's pass", '访客通行证')} actions={<>
			<a class="button plain" href="#/passes">{t('All passes', '全部通行证')}</a>
			{may(session, 'manager') && pass && !pass.revoked && <Button kind="danger" busy={busy} onClick={() => void revoke()}>{t('Revoke', '撤销')}</Button>}
			<Button kind="main" icon="paper" onClick={() => print()}>{t('Print', '打印')}</Button></>}>
			<Await load={code}>{(got) => (
				<Card class="pass">
					<QrCode text={got.code} label={t('QR code of the pass', '通行证二维码')} />
					<div class="stack">
						<h2>{pass?.title || t('Visitor', '访客')}</h2>
						<dl class="definition">
							<dt>{t('Place', '地点')}</dt><dd>{status ? `${status.site} · ${status.gate}` : ''}</dd>
							{pass && <><dt>{t('Valid', '有效期')}</dt><dd>{span(pass)}</dd></>}
							{pass?.doors && <><dt>{t('Doors', '门')}</dt><dd>{pass.doors.join(', ')}</dd></>}
							{pass?.uses !== undefined && <><dt>{t('How often', '使用次数')}</dt><dd>{count(pass.uses)}</dd></>}
							{pass?.host && <><dt>{t('Visits', '受访人')}</dt><dd><PersonName id={pass.host} /></dd></>}
						</dl>
						<p class="dim">{t('Hold the code before the reader at the gate. Whoever has it can come in: do not pass it on.', '请将二维码对准闸机读头。持有者均可进入，请勿转发。')}</p>
					</div>
				</Card>
			)}</Await>
		</Page>
	);
}

export default function PassesPage({ session, args: [id] }: PageProps) {
	const load = useAll<Pass>('access/passes'), [making, setMaking] = useState(false), [old, setOld] = useState(false);
	const head = [t('For', '访客'), t('State', '状态'), t('Valid', '有效期'), t('Used', '已用'), t('Visits', '受访人')];

	if (id) return <One key={id} id={id} session={session} />;
	return (
		<Page title={t('Visitor passes', '访客通行证')} actions={<Button kind="main" icon="plus" onClick={() => setMaking(true)}>{t('New pass', '新建通行证')}</Button>}>
			<Await load={load}>{(all) => {
				const list = all.filter((p) => old || !(p.revoked || over(p))).reverse();

				return (
					<>
						<div class="row"><Button aria-pressed={old} onClick={() => setOld(!old)}>{t('Show those that are over', '显示已失效')}</Button></div>
						{list.length === 0 ? <Card><Empty icon="qr" title={t('No passes', '暂无通行证')}>{t('A pass is a QR code that opens chosen doors for a time.', '通行证是在一定时间内可开指定门的二维码。')}</Empty></Card> : (
							<div class="stacked"><Table label={t('Visitor passes', '访客通行证')} head={head}>
								{list.map((p) => (
									<tr key={p.id}>
										<td data-label={head[0]}>{p.revoked ? p.title || p.id : <a href={`#/passes/${p.id}`}>{p.title || p.id}</a>}</td>
										<td data-label={head[1]}><StateOf pass={p} /></td><td data-label={head[2]}>{span(p)}</td>
										<td data-label={head[3]}>{count(p.used)}{p.uses ? ` / ${count(p.uses)}` : ''}</td>
										<td data-label={head[4]}>{p.host ? <PersonName id={p.host} /> : ''}</td>
									</tr>
								))}
							</Table></div>
						)}
					</>
				);
			}}</Await>
			{making && <NewDialog session={session} close={() => setMaking(false)} />}
		</Page>
	);
}

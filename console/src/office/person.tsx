/* One person: who, faces, what they may, what they agreed to, and the way out. */
import { useEffect, useState } from 'preact/hooks';
import { call, get, post, type Person } from '../api';
import { t } from '../i18n';
import { ask, asProblem, Await, Badge, Button, Card, Page, TextField, toast, useAct, useLoad, When } from '../ui';
import { Check, Choices, Conflict, fromLocal, Select, spanProblem, toLocal, useAll } from './parts';
import { Credentials } from './credentials';
import { Faces } from './faces';

const NAME_BYTES = 128;
export function nameProblem(name: string): string | undefined {
	if (name.trim() === '') return t('A name is needed.', '请输入姓名。');
	return new TextEncoder().encode(name).length > NAME_BYTES ? t('The name is too long: at most 128 bytes (about 42 Chinese characters).', '姓名过长：最多 128 字节（约 42 个汉字）。') : undefined;
}

interface Consented { given: boolean; ageing: boolean; entries: { version: string; given: boolean; ageing?: boolean; time: string; by: string }[] }
interface Holder { id: string; groups?: string[]; extended?: boolean; blocked?: 'no' | 'deny' | 'admit' }
interface Group { id: string; title?: string }

/** The same save for every form here: names the version it was made from; somebody faster is told, not overwritten. */
function useSave(path: string, reload: () => void): { busy: boolean; conflict: boolean; calm: () => void; save: (body: unknown, etag: string | undefined) => Promise<void> } {
	const [busy, setBusy] = useState(false), [conflict, setConflict] = useState(false);
	const save = async (body: unknown, etag: string | undefined): Promise<void> => {
		setBusy(true);
		try {
			await call('PUT', path, body, etag);
			setConflict(false);
			toast(t('Saved.', '已保存。'));
			reload();
		} catch (error) {
			const problem = asProblem(error);

			if (problem.status === 412) setConflict(true);
			else toast(problem.message, 'bad');
		}
		setBusy(false);
	};

	return { busy, conflict, calm: () => setConflict(false), save };
}

function Who({ person, etag, reload }: { person: Person; etag: string; reload: () => void }) {
	const [name, setName] = useState(person.name), [enabled, setEnabled] = useState(person.enabled);
	const [from, setFrom] = useState(toLocal(person.valid_from)), [to, setTo] = useState(toLocal(person.valid_to));
	const { busy, conflict, calm, save } = useSave(`people/${person.id}`, reload), [tried, setTried] = useState(false);
	const wrongName = nameProblem(name), wrongSpan = spanProblem(from, to);
	const body = { name, enabled, valid_from: from === toLocal(person.valid_from) ? person.valid_from : fromLocal(from), valid_to: to === toLocal(person.valid_to) ? person.valid_to : fromLocal(to) };
	const show = (): void => {
		setName(person.name); setEnabled(person.enabled); setFrom(toLocal(person.valid_from)); setTo(toLocal(person.valid_to));
		calm();
	};
	const submit = (event: Event): void => {
		event.preventDefault();
		setTried(true);
		if (!wrongName && !wrongSpan) void save(body, etag);
	};

	useEffect(show, [etag]);
	return (
		<Card title={t('Who', '基本信息')}>
			<form noValidate onSubmit={submit}>
				{conflict && <Conflict reload={() => { reload(); show(); }} force={() => void save(body, undefined)} />}
				<TextField label={t('Name', '姓名')} value={name} set={setName} max={NAME_BYTES} error={tried ? wrongName : undefined} autocomplete="off" required />
				<div class="columns">
					<TextField label={t('Valid from', '生效时间')} type="datetime-local" value={from} set={setFrom} hint={t('Empty: at once', '留空：立即生效')} />
					<TextField label={t('Valid until', '失效时间')} type="datetime-local" value={to} set={setTo} hint={t('Empty: without end', '留空：长期有效')} error={wrongSpan} />
				</div>
				<Check label={t('May enter (switched off: every way in is refused)', '允许进入（关闭后所有方式均被拒绝）')} value={enabled} set={setEnabled} />
				<div class="row"><Button kind="main" type="submit" busy={busy}>{t('Save', '保存')}</Button></div>
			</form>
		</Card>
	);
}

function Access({ person }: { person: string }) {
	const load = useLoad<Holder>(`access/holders/${person}`), groups = useAll<Group>('access/groups');

	return (
		<Card title={t('Groups and access', '人员组与权限')}>
			<Await load={load}>{(holder) => <Await load={groups}>{(all) => <AccessForm holder={holder} etag={load.etag ?? ''} groups={all} reload={load.reload} />}</Await>}</Await>
		</Card>
	);
}

function AccessForm({ holder, etag, groups, reload }: { holder: Holder; etag: string; groups: Group[]; reload: () => void }) {
	const [mine, setMine] = useState(holder.groups ?? []), [extended, setExtended] = useState(holder.extended ?? false), [blocked, setBlocked] = useState<string>(holder.blocked ?? 'no');
	const { busy, conflict, calm, save } = useSave(`access/holders/${holder.id}`, reload);
	const show = (): void => { setMine(holder.groups ?? []); setExtended(holder.extended ?? false); setBlocked(holder.blocked ?? 'no'); calm(); };
	const body = { groups: mine, extended, blocked };

	useEffect(show, [etag]);
	return (
		<form onSubmit={(e) => { e.preventDefault(); void save(body, etag); }}>
			{conflict && <Conflict reload={() => { reload(); show(); }} force={() => void save(body, undefined)} />}
			<Choices label={t('Groups', '人员组')} of={groups.map((g) => [g.id, g.title || g.id] as const)} value={mine} set={setMine} none={t('In no group: only rules for everybody apply.', '未加入任何组：仅适用面向所有人的规则。')} />
			<Check label={t('Needs more time at the door (door stays open longer)', '需要更长通行时间（门开启更久）')} value={extended} set={setExtended} />
			<Select label={t('Blocklist', '黑名单')} value={blocked} set={setBlocked} of={[['no', t('Not on it', '不在名单')], ['deny', t('Refuse, and alarm', '拒绝并报警')], ['admit', t('Let in, and alarm', '放行并报警')]]} />
			<div class="row"><Button kind="main" type="submit" busy={busy}>{t('Save', '保存')}</Button></div>
		</form>
	);
}

const VERSION = 'gatehouse.consent';

function Consent({ person, told }: { person: string; told: (given: boolean) => void }) {
	const load = useLoad<Consented>(`people/${person}/consent`), { busy, act } = useAct();
	const [version, setVersion] = useState(localStorage.getItem(VERSION) ?? ''), [ageing, setAgeing] = useState(false), [tried, setTried] = useState(false);
	const note = async (given: boolean): Promise<void> => {
		setTried(true);
		if (version.trim() === '') return;
		if (!given && !(await ask({ title: t('Note that consent was withdrawn?', '登记撤回同意？'), text: t('The faces are removed now; name, cards and PIN stay until the person is erased.', '人脸数据将立即删除；姓名、卡和密码保留至删除该人员为止。'), yes: t('Note it', '登记'), danger: true }))) return;
		localStorage.setItem(VERSION, version.trim());
		await act(() => post(`people/${person}/consent`, { version: version.trim(), given, ...(given && ageing ? { ageing } : {}) }), t('Noted.', '已登记。'));
		load.reload();
	};

	useEffect(() => { if (load.data) { told(load.data.given); setAgeing(load.data.ageing); } }, [load.data]);
	return (
		<Card title={t('Consent', '个人信息同意')} actions={load.data && <Badge tone={load.data.given ? 'good' : 'warn'}>{load.data.given ? t('given', '已同意') : t('not given', '未同意')}</Badge>}>
			<Await load={load}>{(consent) => (
				<>
					{consent.entries.length > 0 && (
						<ul class="entries">{[...consent.entries].reverse().map((e, i) => (
							<li key={i}><Badge tone={e.given ? 'good' : 'warn'}>{e.given ? t('given', '同意') : t('withdrawn', '撤回')}</Badge> {e.ageing && <>{t('also to renewal', '含人脸更新')} · </>}<When iso={e.time} /> · {t('text', '文本')} {e.version} · {t(`noted by ${e.by}`, `登记人 ${e.by}`)}</li>
						))}</ul>
					)}
					<TextField label={t('Version of the text', '同意书版本')} value={version} set={setVersion} max={64} hint={t('As printed on the form the person signed, such as 2026-01.', '与本人签署的同意书一致，例如 2026-01。')}
						error={tried && version.trim() === '' ? t('Which text was it?', '请填写同意书版本。') : undefined} />
					<Check label={t('The text also covers renewal: templates made of sure passages, where the site has switched that on', '同意书包含人脸更新：系统启用后，可用确认无误的通行画面更新人脸模板')} value={ageing} set={setAgeing} />
					<div class="row">
						<Button kind="main" busy={busy} onClick={() => void note(true)}>{t('Has agreed', '登记同意')}</Button>
						{consent.given && <Button kind="danger" busy={busy} onClick={() => void note(false)}>{t('Has withdrawn', '登记撤回')}</Button>}
					</div>
				</>
			)}</Await>
		</Card>
	);
}

function Erase({ person }: { person: Person }) {
	const { busy, act } = useAct();
	const erase = async (): Promise<void> => {
		if (!(await ask({ title: t(`Erase ${person.name}?`, `删除 ${person.name}？`), yes: t('Erase', '删除'), danger: true,
			text: t('Name, faces, cards and consent are destroyed and cannot be brought back. The log stays whole, without the name. You get a certificate.',
				'姓名、人脸、凭证和同意记录将被销毁且无法恢复。日志保持完整但不含姓名。您将得到一份删除证明。') }))) return;
		if (await act(() => call('DELETE', `people/${person.id}`), t('Erased.', '已删除。'))) location.hash = `#/people/${person.id}/certificate`;
	};

	return (
		<Card title={t('Erase', '删除')} class="danger-zone">
			<p>{t('For somebody who moved away, or asks for it.', '适用于搬离或本人要求删除的人员。')}</p>
			<div><Button kind="danger" busy={busy} onClick={() => void erase()}>{t('Erase this person', '删除此人员')}</Button></div>
		</Card>
	);
}

interface Erasure { person: string; what: 'person' | 'faces'; site: string; erased: string; event: { seq: number; id: string; hash: string; prev: string }; copies: { path: string; made: string }[] }

export function Certificate({ id }: { id: string }) {
	const load = useLoad<Erasure>(`people/${id}/erasure`);

	return (
		<Page title={t('Certificate of erasure', '删除证明')} actions={<><a class="button plain" href="#/people">{t('To the people', '返回人员')}</a><Button kind="main" icon="paper" onClick={() => print()}>{t('Print', '打印')}</Button></>}>
			<Await load={load}>{(one) => (
				<Card>
					<p>{one.what === 'faces'
						? t(`At the gate of "${one.site}" all face templates of the person below were erased.`, `“${one.site}”闸机已删除以下编号人员的全部人脸模板。`)
						: t(`At the gate of "${one.site}" the name, faces, cards, PINs and consent records of the person below were erased. The log keeps the number alone, which names nobody.`,
							`“${one.site}”闸机已删除以下编号人员的姓名、人脸、卡、密码及同意记录。日志仅保留编号，不指向任何人。`)}</p>
					<dl class="definition">
						<dt>{t('Number of the person', '人员编号')}</dt><dd class="mono">{one.person}</dd>
						<dt>{t('Erased', '删除时间')}</dt><dd><When iso={one.erased} /> <span class="mono dim">{one.erased}</span></dd>
						<dt>{t('Entry of the log', '日志条目')}</dt><dd class="mono">{one.event.seq} · {one.event.id}</dd>
						<dt>{t('Its hash', '条目哈希')}</dt><dd class="mono">{one.event.hash}</dd>
						<dt>{t('Hash before', '前一哈希')}</dt><dd class="mono">{one.event.prev}</dd>
					</dl>
					{one.copies.length > 0 && <>
						<p>{t('Copies made before that the gate knows of. They still hold what was erased, until they are destroyed:', '闸机已知的、删除之前所作的副本。在销毁之前，其中仍含有已删除的内容：')}</p>
						<ul>{one.copies.map((copy) => <li key={copy.path}><span class="mono">{copy.path}</span> <When iso={copy.made} /></li>)}</ul>
					</>}
					<p class="dim">{t('The hash stands in the signed chain of the log; "gatectl audit verify" proves that the entry was not changed since.', '该哈希位于已签名的日志链中，可用 gatectl audit verify 证明条目此后未被更改。')}</p>
				</Card>
			)}</Await>
		</Page>
	);
}

export function PersonPage({ id }: { id: string }) {
	const load = useLoad<Person>(`people/${encodeURIComponent(id)}`), [consent, setConsent] = useState<boolean | undefined>();
	const gone = load.problem?.status === 404;

	useEffect(() => { if (gone) void get(`people/${encodeURIComponent(id)}/erasure`).then(() => { location.hash = `#/people/${id}/certificate`; }, () => undefined); }, [gone]);
	return (
		<Page title={load.data?.name ?? t('Person', '人员')} actions={<><a class="button plain" href={`#/log/person/${id}`}>{t('In the log', '相关日志')}</a><a class="button plain" href="#/people">{t('All people', '全部人员')}</a></>}>
			<Await load={load}>{(person) => (
				<>
					<div class="split">
						<div class="stack"><Who person={person} etag={load.etag ?? ''} reload={load.reload} /><Access person={person.id} /></div>
						<div class="stack"><Faces person={person.id} faces={person.faces} aged={person.aged ?? []} consent={consent} reload={load.reload} /><Consent person={person.id} told={setConsent} /><Credentials person={person.id} /></div>
					</div>
					<Erase person={person} />
				</>
			)}</Await>
		</Page>
	);
}

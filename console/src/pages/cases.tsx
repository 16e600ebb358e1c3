/* Cases: several alerts and people under one title, for the police or the committee. */
import { useEffect, useState } from 'preact/hooks';
import { exportAlert, GradeBadge, Thumb, verdictTone } from '../alert';
import { call, may, post, type Alert, type Case, type EventRow, type Person, type Session } from '../api';
import { moment, t, word } from '../i18n';
import { useReloadOn } from '../live';
import { originText } from '../origin';
import type { PageProps } from '../routes';
import { ask, Await, Badge, Button, Card, Dialog, Empty, Field, Page, PersonName, TextField, toast, useAct, useLoad } from '../ui';

/* ---- one case ---- */

function CaseAlert({ seq, remove }: { seq: number; remove: () => void }) {
	const load = useLoad<Alert>(`alerts/${seq}`);

	return (
		<li class="case-alert">
			<Await load={load}>
				{(alert) => (
					<>
						<a href={`#/alerts/${seq}`} class="case-alert-link"><Thumb alert={alert} /><span><strong>{originText(alert)}</strong><br /><span class="dim">{moment(alert.time)}</span></span></a>
						{alert.verdict ? <Badge tone={verdictTone(alert.verdict.verdict)}>{word(alert.verdict.verdict)}</Badge> : <GradeBadge alert={alert} />}
					</>
				)}
			</Await>
			<Button kind="quiet" icon="close" label={t('Take out of the case', '移出案件')} onClick={remove} />
		</li>
	);
}

/* Who it may be: those who lately came to a door; a manager can search among all. */
function PersonDialog({ session, taken, add, close }: { session: Session; taken: string[]; add: (id: string) => void; close: () => void }) {
	const manager = may(session, 'manager'), [text, setText] = useState('');
	const recent = useLoad<{ events: EventRow[] }>('events?limit=300&type=access.'), all = useLoad<{ people: Person[] }>(manager ? 'people?limit=1000' : null);
	const came = [...new Set((recent.data?.events ?? []).flatMap((e) => (e.person ? [e.person] : [])))];
	const found = text && all.data ? all.data.people.filter((p) => p.name.toLowerCase().includes(text.toLowerCase())).slice(0, 12).map((p) => p.id) : came.slice(0, 12);
	const offered = found.filter((id) => !taken.includes(id));

	return (
		<Dialog title={t('Add a person', '添加人员')} close={close}>
			{manager && <TextField label={t('Search by name', '按姓名搜索')} type="search" value={text} set={setText} max={64} />}
			<p class="dim">{text ? t('People of that name', '匹配的人员') : t('Who lately came to a door', '最近到过门口的人员')}</p>
			{offered.length ? <ul class="choices">{offered.map((id) => <li key={id}><Button icon="plus" onClick={() => { add(id); close(); }}><PersonName id={id} /></Button></li>)}</ul>
				: <p>{t('Nobody to add.', '没有可添加的人员。')}</p>}
		</Dialog>
	);
}

function OneCase({ id, session }: { id: string; session: Session }) {
	const load = useLoad<Case>(`cases/${encodeURIComponent(id)}`), { busy, act } = useAct();
	const [title, setTitle] = useState(''), [note, setNote] = useState(''), [adding, setAdding] = useState(false), [seen, setSeen] = useState(-1);
	const one = load.data, written = one !== undefined && (title !== one.title || note !== one.note);

	useReloadOn(['case.'], load.reload);
	/* what is being written here is not thrown away when somebody else changes the case: saving then tells of it */
	useEffect(() => {
		if (!one || (seen !== -1 && written)) return;
		setTitle(one.title);
		setNote(one.note);
		setSeen(one.revision);
	}, [one?.revision]);
	const change = async (to: Partial<Case>, done?: string): Promise<void> => {
		await act(() => call('PATCH', `cases/${encodeURIComponent(id)}`, to, load.etag), done);
		load.reload();
	};
	const exportAll = async (): Promise<void> => {
		await act(async () => {
			for (const seq of one?.alerts ?? []) await exportAlert({ seq });
		});
	};

	return (
		<Page title={one?.title ?? t('Case', '案件')} raw={one !== undefined} actions={<><a class="button" href="#/cases">{t('All cases', '全部案件')}</a>
			<Button icon="download" busy={busy} disabled={!one?.alerts.length} onClick={() => void exportAll()}>{t('Export its alerts', '导出警报')}</Button></>}>
			<Await load={load}>
				{(c) => (
					<div class="case">
						<Card title={t('Alerts', '警报')}>
							{c.alerts.length ? <ul class="case-alerts">{c.alerts.map((seq) => <CaseAlert key={seq} seq={seq} remove={() => void ask({ title: t('Take it out of the case?', '移出案件？'), text: t('The alert itself stays as it is.', '警报本身不受影响。'), yes: t('Take out', '移出') })
								.then((yes) => { if (yes) void change({ alerts: c.alerts.filter((s) => s !== seq) }); })} />)}</ul>
								: <Empty icon="alert" title={t('No alert yet', '暂无警报')}>{t('Put one in from the alert itself: "Case".', '在警报页面点击“案件”加入。')}</Empty>}
						</Card>
						<div class="stack">
							<Card title={t('What is known', '案情')}>
								<form onSubmit={(e) => { e.preventDefault(); void change({ title, note }, t('Saved.', '已保存。')); }}>
									<TextField label={t('Title', '标题')} value={title} set={setTitle} max={60} required />
									<Field label={t('Notes', '备注')}>{(fid) => <textarea id={fid} rows={6} maxLength={1300} value={note} onInput={(e) => setNote(e.currentTarget.value)} />}</Field>
									{seen !== c.revision && written && <p class="note warn" role="status">{t('Somebody else changed this case meanwhile; saving replaces their title and notes.', '他人刚刚修改了此案件，保存将覆盖其标题和备注。')}</p>}
									<div class="dialog-actions"><Button kind="main" type="submit" busy={busy} disabled={!written || !title}>{t('Save', '保存')}</Button></div>
								</form>
								<p class="dim">{t('Last changed by', '最后修改：')} {c.by}, {moment(c.changed)}</p>
							</Card>
							<Card title={t('People', '人员')} actions={<Button icon="plus" onClick={() => setAdding(true)}>{t('Add', '添加')}</Button>}>
								{c.people.length ? <ul class="choices">{c.people.map((p) => <li key={p} class="row"><PersonName id={p} />
									<Button kind="quiet" icon="close" label={t('Take this person out', '移出此人员')} onClick={() => void change({ people: c.people.filter((q) => q !== p) })} /></li>)}</ul>
									: <p class="dim">{t('Nobody yet.', '暂无人员。')}</p>}
							</Card>
						</div>
						{adding && <PersonDialog session={session} taken={c.people} close={() => setAdding(false)} add={(p) => void change({ people: [...c.people, p] })} />}
					</div>
				)}
			</Await>
		</Page>
	);
}

/* ---- all of them ---- */

export default function CasesPage({ args, session }: PageProps) {
	const load = useLoad<{ cases: Case[] }>(args[0] ? null : 'cases'), { busy, act } = useAct(), [opening, setOpening] = useState(false), [title, setTitle] = useState('');
	const open = async (event: Event): Promise<void> => {
		event.preventDefault();
		await act(async () => {
			const made = await post<Case>('cases', { title });

			location.hash = `#/cases/${made.id}`;
			toast(t('The case is open.', '案件已建立。'));
		});
	};

	useReloadOn(['case.'], load.reload);
	if (args[0]) return <OneCase key={args[0]} id={args[0]} session={session} />;
	return (
		<Page title={t('Cases', '案件')} actions={<Button kind="main" icon="plus" onClick={() => setOpening(true)}>{t('Open a case', '新建案件')}</Button>}>
			<Await load={load}>
				{({ cases }) => cases.length === 0 ? <Card><Empty icon="folder" title={t('No case yet', '暂无案件')}>{t('A case keeps several alerts and people together, for the police or the committee.', '案件将多条警报和相关人员归在一起，供警方或业委会使用。')}</Empty></Card> : (
					<ul class="grid">
						{cases.map((c) => (
							<li key={c.id}><a class="card case-card" href={`#/cases/${c.id}`}><h2 translate={false}>{c.title}</h2>
								<p class="dim">{t(`${c.alerts.length} ${c.alerts.length === 1 ? 'alert' : 'alerts'}, ${c.people.length} ${c.people.length === 1 ? 'person' : 'people'}`, `${c.alerts.length} 条警报，${c.people.length} 名人员`)}</p>{c.note && <p class="clamp" translate={false}>{c.note}</p>}
								<p class="dim">{c.by}, {moment(c.changed)}</p></a></li>
						))}
					</ul>
				)}
			</Await>
			{opening && (
				<Dialog title={t('Open a case', '新建案件')} close={() => setOpening(false)}>
					<form onSubmit={(e) => void open(e)}>
						<TextField label={t('Title', '标题')} value={title} set={setTitle} max={60} required autofocus />
						<div class="dialog-actions"><Button onClick={() => setOpening(false)}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Open it', '建立')}</Button></div>
					</form>
				</Dialog>
			)}
		</Page>
	);
}

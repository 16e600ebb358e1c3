/* Cases: several alerts and people under one title, for the police or the committee. */
import { useEffect, useState } from 'preact/hooks';
import { exportAlert, GradeBadge, Thumb, verdictTone } from '../alert';
import { call, may, post, type Alert, type Case, type EventRow, type Person, type Session } from '../api';
import { moment, plural, t, word } from '../i18n';
import { useReloadOn } from '../live';
import { originText } from '../origin';
import type { PageProps } from '../routes';
import {
	ask,
	Await,
	Badge,
	Button,
	Card,
	Dialog,
	Empty,
	Field,
	Page,
	PersonName,
	TextField,
	toast,
	useAct,
	useLoad,
} from '../ui';

/* ---- one case ---- */

function CaseAlert({ seq, remove }: { seq: number; remove: () => void }) {
	const load = useLoad<Alert>(`alerts/${seq}`);

	return (
		<li class="case-alert">
			<Await load={load}>
				{(alert) => (
					<>
						<a href={`#/alerts/${seq}`} class="case-alert-link">
							<Thumb alert={alert} />
							<span>
								<strong>{originText(alert)}</strong>
								<br />
								<span class="dim">{moment(alert.time)}</span>
							</span>
						</a>
						{alert.verdict ? (
							<Badge tone={verdictTone(alert.verdict.verdict)}>{word(alert.verdict.verdict)}</Badge>
						) : (
							<GradeBadge alert={alert} />
						)}
					</>
				)}
			</Await>
			<Button kind="quiet" icon="close" label={t('cases.takeOutOfCase')} onClick={remove} />
		</li>
	);
}

/* Who it may be: those who lately came to a door; a manager can search among all. */
function PersonDialog({
	session,
	taken,
	add,
	close,
}: {
	session: Session;
	taken: string[];
	add: (id: string) => void;
	close: () => void;
}) {
	const manager = may(session, 'manager'),
		[text, setText] = useState('');
	const recent = useLoad<{ events: EventRow[] }>('events?limit=300&type=access.'),
		all = useLoad<{ people: Person[] }>(manager ? 'people?limit=1000' : null);
	const came = [...new Set((recent.data?.events ?? []).flatMap((e) => (e.person ? [e.person] : [])))];
	const found =
		text && all.data
			? all.data.people
					.filter((p) => p.name.toLowerCase().includes(text.toLowerCase()))
					.slice(0, 12)
					.map((p) => p.id)
			: came.slice(0, 12);
	const offered = found.filter((id) => !taken.includes(id));

	return (
		<Dialog title={t('common.addPerson')} close={close}>
			{manager && <TextField label={t('cases.searchName')} type="search" value={text} set={setText} max={64} />}
			<p class="dim">{text ? t('cases.found') : t('cases.recent')}</p>
			{offered.length ? (
				<ul class="choices">
					{offered.map((id) => (
						<li key={id}>
							<Button
								icon="plus"
								onClick={() => {
									add(id);
									close();
								}}
							>
								<PersonName id={id} />
							</Button>
						</li>
					))}
				</ul>
			) : (
				<p>{t('cases.nobodyToAdd')}</p>
			)}
		</Dialog>
	);
}

type Change = (to: Partial<Case>, done?: string) => void;

function CaseAlerts({ alerts, change }: { alerts: number[]; change: Change }) {
	const remove = async (seq: number): Promise<void> => {
		if (await ask({ title: t('cases.takeOut.confirm'), text: t('cases.takeOut.text'), yes: t('cases.takeOut') }))
			change({ alerts: alerts.filter((s) => s !== seq) });
	};

	return (
		<Card title={t('cases.alerts')}>
			{alerts.length ? (
				<ul class="case-alerts">
					{alerts.map((seq) => (
						<CaseAlert key={seq} seq={seq} remove={() => void remove(seq)} />
					))}
				</ul>
			) : (
				<Empty icon="alert" title={t('cases.noAlert')}>
					{t('cases.noAlertText')}
				</Empty>
			)}
		</Card>
	);
}

/** Title and notes. What is being written here is not thrown away when somebody else changes the case: saving then tells of it. */
function CaseText({ of, busy, change }: { of: Case; busy: boolean; change: Change }) {
	const [title, setTitle] = useState(of.title),
		[note, setNote] = useState(of.note),
		[seen, setSeen] = useState(of.revision);
	const written = title !== of.title || note !== of.note;

	useEffect(() => {
		if (written) return;
		setTitle(of.title);
		setNote(of.note);
		setSeen(of.revision);
	}, [of.revision]);
	return (
		<Card title={t('cases.known')}>
			<form
				onSubmit={(e) => {
					e.preventDefault();
					change({ title, note }, t('common.saved'));
				}}
			>
				<TextField label={t('common.title')} value={title} set={setTitle} max={60} required />
				<Field label={t('cases.notes')}>
					{(id) => <textarea id={id} rows={6} maxLength={1300} value={note} onInput={(e) => setNote(e.currentTarget.value)} />}
				</Field>
				{seen !== of.revision && written && (
					<p class="note warn" role="status">
						{t('cases.conflict')}
					</p>
				)}
				<div class="dialog-actions">
					<Button kind="main" type="submit" busy={busy} disabled={!written || !title}>
						{t('common.save')}
					</Button>
				</div>
			</form>
			<p class="dim">
				{t('cases.changedBy')} {of.by}, {moment(of.changed)}
			</p>
		</Card>
	);
}

function CasePeople({ session, people, change }: { session: Session; people: string[]; change: Change }) {
	const [adding, setAdding] = useState(false);

	return (
		<Card
			title={t('common.people')}
			actions={
				<Button icon="plus" onClick={() => setAdding(true)}>
					{t('common.add')}
				</Button>
			}
		>
			{people.length ? (
				<ul class="choices">
					{people.map((p) => (
						<li key={p} class="row">
							<PersonName id={p} />
							<Button
								kind="quiet"
								icon="close"
								label={t('cases.takePersonOut')}
								onClick={() => change({ people: people.filter((q) => q !== p) })}
							/>
						</li>
					))}
				</ul>
			) : (
				<p class="dim">{t('cases.nobody')}</p>
			)}
			{adding && (
				<PersonDialog
					session={session}
					taken={people}
					close={() => setAdding(false)}
					add={(p) => change({ people: [...people, p] })}
				/>
			)}
		</Card>
	);
}

function OneCase({ id, session }: { id: string; session: Session }) {
	const load = useLoad<Case>(`cases/${encodeURIComponent(id)}`),
		{ busy, act } = useAct();
	const one = load.data;
	const change: Change = (to, done) =>
		void act(() => call('PATCH', `cases/${encodeURIComponent(id)}`, to, load.etag), done).then(load.reload);
	const exportAll = async (): Promise<void> => {
		await act(async () => {
			for (const seq of one?.alerts ?? []) await exportAlert({ seq });
		});
	};

	useReloadOn(['case.'], load.reload);
	return (
		<Page
			title={one?.title ?? t('common.case')}
			raw={one !== undefined}
			actions={
				<>
					<a class="button" href="#/cases">
						{t('cases.allCases')}
					</a>
					<Button icon="download" busy={busy} disabled={!one?.alerts.length} onClick={() => void exportAll()}>
						{t('cases.exportAlerts')}
					</Button>
				</>
			}
		>
			<Await load={load}>
				{(c) => (
					<div class="case">
						<CaseAlerts alerts={c.alerts} change={change} />
						<div class="stack">
							<CaseText of={c} busy={busy} change={change} />
							<CasePeople session={session} people={c.people} change={change} />
						</div>
					</div>
				)}
			</Await>
		</Page>
	);
}

/* ---- all of them ---- */

export default function CasesPage({ args, session }: PageProps) {
	const load = useLoad<{ cases: Case[] }>(args[0] ? null : 'cases'),
		{ busy, act } = useAct(),
		[opening, setOpening] = useState(false),
		[title, setTitle] = useState('');
	const open = async (event: Event): Promise<void> => {
		event.preventDefault();
		await act(async () => {
			const made = await post<Case>('cases', { title });

			location.hash = `#/cases/${made.id}`;
			toast(t('cases.opened'));
		});
	};

	useReloadOn(['case.'], load.reload);
	if (args[0]) return <OneCase key={args[0]} id={args[0]} session={session} />;
	return (
		<Page
			title={t('nav.cases')}
			actions={
				<Button kind="main" icon="plus" onClick={() => setOpening(true)}>
					{t('cases.new')}
				</Button>
			}
		>
			<Await load={load}>
				{({ cases }) =>
					cases.length === 0 ? (
						<Card>
							<Empty icon="folder" title={t('cases.none')}>
								{t('cases.noneText')}
							</Empty>
						</Card>
					) : (
						<ul class="grid">
							{cases.map((c) => (
								<li key={c.id}>
									<a class="card case-card" href={`#/cases/${c.id}`}>
										<h2 translate={false}>{c.title}</h2>
										<p class="dim">
											{t('cases.contents', {
												alerts: plural('cases.alertCount', c.alerts.length),
												people: plural('cases.personCount', c.people.length),
											})}
										</p>
										{c.note && (
											<p class="clamp" translate={false}>
												{c.note}
											</p>
										)}
										<p class="dim">
											{c.by}, {moment(c.changed)}
										</p>
									</a>
								</li>
							))}
						</ul>
					)
				}
			</Await>
			{opening && (
				<Dialog title={t('cases.new')} close={() => setOpening(false)}>
					<form onSubmit={(e) => void open(e)}>
						<TextField label={t('common.title')} value={title} set={setTitle} max={60} required autofocus />
						<div class="dialog-actions">
							<Button onClick={() => setOpening(false)}>{t('common.cancel')}</Button>
							<Button kind="main" type="submit" busy={busy}>
								{t('cases.open')}
							</Button>
						</div>
					</form>
				</Dialog>
			)}
		</Page>
	);
}

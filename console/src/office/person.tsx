/* One person: who, faces, what they may, what they agreed to, and the way out. */
import { useEffect, useState } from 'preact/hooks';
import { call, get, post, type Person, type Answer, type Schemas } from '../api';
import { t } from '../i18n';
import { ask, asProblem, Await, Badge, Button, Card, Page, TextField, toast, useAct, useLoad, When } from '../ui';
import { Check, Choices, Conflict, fromLocal, Select, spanProblem, toLocal, useAll } from './parts';
import { Credentials } from './credentials';
import { Faces } from './faces';

const NAME_BYTES = 128;
export function nameProblem(name: string): string | undefined {
	if (name.trim() === '') return t('person.nameNeeded');
	return new TextEncoder().encode(name).length > NAME_BYTES ? t('person.nameTooLong') : undefined;
}

type Consented = Schemas['Consent'];
type Holder = Schemas['Holder'] & { id: string };
type Group = Schemas['Group'] & { id: string };

/** The same save for every form here: names the version it was made from; somebody faster is told, not overwritten. */
function useSave(
	path: string,
	reload: () => void,
): { busy: boolean; conflict: boolean; calm: () => void; save: (body: unknown, etag: string | undefined) => Promise<void> } {
	const [busy, setBusy] = useState(false),
		[conflict, setConflict] = useState(false);
	const save = async (body: unknown, etag: string | undefined): Promise<void> => {
		setBusy(true);
		try {
			await call('PUT', path, body, etag);
			setConflict(false);
			toast(t('common.saved'));
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
	const [name, setName] = useState(person.name),
		[enabled, setEnabled] = useState(person.enabled);
	const [from, setFrom] = useState(toLocal(person.valid_from)),
		[to, setTo] = useState(toLocal(person.valid_to));
	const { busy, conflict, calm, save } = useSave(`people/${person.id}`, reload),
		[tried, setTried] = useState(false);
	const wrongName = nameProblem(name),
		wrongSpan = spanProblem(from, to);
	const body = {
		name,
		enabled,
		valid_from: from === toLocal(person.valid_from) ? person.valid_from : fromLocal(from),
		valid_to: to === toLocal(person.valid_to) ? person.valid_to : fromLocal(to),
	};
	const show = (): void => {
		setName(person.name);
		setEnabled(person.enabled);
		setFrom(toLocal(person.valid_from));
		setTo(toLocal(person.valid_to));
		calm();
	};
	const submit = (event: Event): void => {
		event.preventDefault();
		setTried(true);
		if (!wrongName && !wrongSpan) void save(body, etag);
	};

	useEffect(show, [etag]);
	return (
		<Card title={t('person.who')}>
			<form noValidate onSubmit={submit}>
				{conflict && (
					<Conflict
						reload={() => {
							reload();
							show();
						}}
						force={() => void save(body, undefined)}
					/>
				)}
				<TextField
					label={t('common.name')}
					value={name}
					set={setName}
					max={NAME_BYTES}
					error={tried ? wrongName : undefined}
					autocomplete="off"
					required
				/>
				<div class="columns">
					<TextField
						label={t('common.validFrom')}
						type="datetime-local"
						value={from}
						set={setFrom}
						hint={t('common.emptyAtOnce')}
					/>
					<TextField
						label={t('common.validUntil')}
						type="datetime-local"
						value={to}
						set={setTo}
						hint={t('common.emptyNoEnd')}
						error={wrongSpan}
					/>
				</div>
				<Check label={t('person.mayEnter')} value={enabled} set={setEnabled} />
				<div class="row">
					<Button kind="main" type="submit" busy={busy}>
						{t('common.save')}
					</Button>
				</div>
			</form>
		</Card>
	);
}

function Access({ person }: { person: string }) {
	const load = useLoad<Holder>(`access/holders/${person}`),
		groups = useAll<Group>('access/groups');

	return (
		<Card title={t('person.access')}>
			<Await load={load}>
				{(holder) => (
					<Await load={groups}>
						{(all) => <AccessForm holder={holder} etag={load.etag ?? ''} groups={all} reload={load.reload} />}
					</Await>
				)}
			</Await>
		</Card>
	);
}

function AccessForm({ holder, etag, groups, reload }: { holder: Holder; etag: string; groups: Group[]; reload: () => void }) {
	const [mine, setMine] = useState(holder.groups ?? []),
		[extended, setExtended] = useState(holder.extended ?? false),
		[blocked, setBlocked] = useState<string>(holder.blocked ?? 'no');
	const { busy, conflict, calm, save } = useSave(`access/holders/${holder.id}`, reload);
	const show = (): void => {
		setMine(holder.groups ?? []);
		setExtended(holder.extended ?? false);
		setBlocked(holder.blocked ?? 'no');
		calm();
	};
	const body = { groups: mine, extended, blocked };

	useEffect(show, [etag]);
	return (
		<form
			onSubmit={(e) => {
				e.preventDefault();
				void save(body, etag);
			}}
		>
			{conflict && (
				<Conflict
					reload={() => {
						reload();
						show();
					}}
					force={() => void save(body, undefined)}
				/>
			)}
			<Choices
				label={t('common.groups')}
				of={groups.map((g) => [g.id, g.title || g.id] as const)}
				value={mine}
				set={setMine}
				none={t('person.noGroup')}
			/>
			<Check label={t('person.extendedTime')} value={extended} set={setExtended} />
			<Select
				label={t('person.blocklist')}
				value={blocked}
				set={setBlocked}
				of={[
					['no', t('person.blocklist.no')],
					['deny', t('person.blocklist.deny')],
					['admit', t('person.blocklist.admit')],
				]}
			/>
			<div class="row">
				<Button kind="main" type="submit" busy={busy}>
					{t('common.save')}
				</Button>
			</div>
		</form>
	);
}

const VERSION = 'gatehouse.consent';

/** The newest first. */
const ConsentHistory = ({ entries }: { entries: Consented['entries'] }) => (
	<ul class="entries">
		{[...entries].reverse().map((e, i) => (
			<li key={i}>
				<Badge tone={e.given ? 'good' : 'warn'}>{e.given ? t('person.consent.given') : t('person.consent.withdrawn')}</Badge>{' '}
				<When iso={e.time} /> · {t('person.consent.text')} {e.version} · {t('person.consent.notedBy', { by: e.by })}
			</li>
		))}
	</ul>
);

function Consent({ person, told }: { person: string; told: (given: boolean) => void }) {
	const load = useLoad<Consented>(`people/${person}/consent`),
		{ busy, act } = useAct();
	const [version, setVersion] = useState(localStorage.getItem(VERSION) ?? ''),
		[tried, setTried] = useState(false);
	const note = async (given: boolean): Promise<void> => {
		setTried(true);
		if (version.trim() === '') return;
		if (
			!given &&
			!(await ask({
				title: t('person.consent.withdraw.confirm'),
				text: t('person.consent.withdraw.text'),
				yes: t('person.consent.withdraw.yes'),
				danger: true,
			}))
		)
			return;
		localStorage.setItem(VERSION, version.trim());
		await act(() => post(`people/${person}/consent`, { version: version.trim(), given }), t('person.consent.noted'));
		load.reload();
	};

	useEffect(() => {
		if (load.data) {
			told(load.data.given);
		}
	}, [load.data]);
	return (
		<Card
			title={t('person.consent')}
			actions={
				load.data && (
					<Badge tone={load.data.given ? 'good' : 'warn'}>
						{load.data.given ? t('person.consent.isGiven') : t('person.consent.notGiven')}
					</Badge>
				)
			}
		>
			<Await load={load}>
				{(consent) => (
					<>
						{consent.entries.length > 0 && <ConsentHistory entries={consent.entries} />}
						<TextField
							label={t('person.consent.version')}
							value={version}
							set={setVersion}
							max={64}
							hint={t('person.consent.versionHint')}
							error={tried && version.trim() === '' ? t('person.consent.versionNeeded') : undefined}
						/>
						<div class="row">
							<Button kind="main" busy={busy} onClick={() => void note(true)}>
								{t('person.consent.agree')}
							</Button>
							{consent.given && (
								<Button kind="danger" busy={busy} onClick={() => void note(false)}>
									{t('person.consent.withdraw')}
								</Button>
							)}
						</div>
					</>
				)}
			</Await>
		</Card>
	);
}

function Erase({ person }: { person: Person }) {
	const { busy, act } = useAct();
	const erase = async (): Promise<void> => {
		if (
			!(await ask({
				title: t('person.erase.confirm', { name: person.name }),
				yes: t('person.erase'),
				danger: true,
				text: t('person.erase.text'),
			}))
		)
			return;
		if (await act(() => call('DELETE', `people/${person.id}`), t('person.erase.done')))
			location.hash = `#/people/${person.id}/certificate`;
	};

	return (
		<Card title={t('person.erase')} class="danger-zone">
			<p>{t('person.erase.hint')}</p>
			<div>
				<Button kind="danger" busy={busy} onClick={() => void erase()}>
					{t('person.erase.button')}
				</Button>
			</div>
		</Card>
	);
}

type Erasure = Answer<'/people/{id}/erasure', 'get'>;

export function Certificate({ id }: { id: string }) {
	const load = useLoad<Erasure>(`people/${id}/erasure`);

	return (
		<Page
			title={t('person.certificate')}
			actions={
				<>
					<a class="button plain" href="#/people">
						{t('common.backToPeople')}
					</a>
					<Button kind="main" icon="paper" onClick={() => print()}>
						{t('common.print')}
					</Button>
				</>
			}
		>
			<Await load={load}>
				{(one) => (
					<Card>
						<p>
							{one.what === 'faces'
								? t('person.certificate.faces', { site: one.site })
								: t('person.certificate.person', { site: one.site })}
						</p>
						<dl class="definition">
							<dt>{t('person.certificate.number')}</dt>
							<dd class="mono">{one.person}</dd>
							<dt>{t('person.certificate.time')}</dt>
							<dd>
								<When iso={one.erased} /> <span class="mono dim">{one.erased}</span>
							</dd>
							<dt>{t('person.certificate.entry')}</dt>
							<dd class="mono">
								{one.event.seq} · {one.event.id}
							</dd>
							<dt>{t('person.certificate.hash')}</dt>
							<dd class="mono">{one.event.hash}</dd>
							<dt>{t('common.previousHash')}</dt>
							<dd class="mono">{one.event.prev}</dd>
						</dl>
						{one.copies.length > 0 && (
							<>
								<p>{t('person.certificate.copies')}</p>
								<ul>
									{one.copies.map((copy) => (
										<li key={copy.path}>
											<span class="mono">{copy.path}</span> <When iso={copy.made} />
										</li>
									))}
								</ul>
							</>
						)}
						<p class="dim">{t('person.certificate.proof')}</p>
					</Card>
				)}
			</Await>
		</Page>
	);
}

export function PersonPage({ id }: { id: string }) {
	const load = useLoad<Person>(`people/${encodeURIComponent(id)}`),
		[consent, setConsent] = useState<boolean | undefined>();
	const gone = load.problem?.status === 404;

	useEffect(() => {
		if (gone)
			void get(`people/${encodeURIComponent(id)}/erasure`).then(
				() => {
					location.hash = `#/people/${id}/certificate`;
				},
				() => undefined,
			);
	}, [gone]);
	return (
		<Page
			title={load.data?.name ?? t('common.person')}
			actions={
				<>
					<a class="button plain" href={`#/log/person/${id}`}>
						{t('person.inLog')}
					</a>
					<a class="button plain" href="#/people">
						{t('person.allPeople')}
					</a>
				</>
			}
		>
			<Await load={load}>
				{(person) => (
					<>
						<div class="split">
							<div class="stack">
								<Who person={person} etag={load.etag ?? ''} reload={load.reload} />
								<Access person={person.id} />
							</div>
							<div class="stack">
								<Faces person={person.id} faces={person.faces} consent={consent} reload={load.reload} />
								<Consent person={person.id} told={setConsent} />
								<Credentials person={person.id} />
							</div>
						</div>
						<Erase person={person} />
					</>
				)}
			</Await>
		</Page>
	);
}

/* The log: what happened, who did it, and that nobody changed it since. Pages come by cursor; the next older page is
 * fetched before it is asked for. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, may, type EventPage, type EventRow, type Session } from '../api';
import { count, moment, t, word } from '../i18n';
import { useEvents } from '../live';
import { EventDialog, SeverityBadge, summary } from '../office/event';
import { fromLocal, Select, spanProblem } from '../office/parts';
import { PersonPicker, usePeople } from '../office/picker';
import { VerifyDialog } from '../office/verify';
import type { PageProps } from '../routes';
import { useDesk } from '../shell';
import { asProblem, Button, Card, Empty, Failed, Loading, Page, PersonName, Table, TextField } from '../ui';
import type { Problem } from '../api';

interface Filter {
	from: string;
	to: string;
	door: string;
	what: string;
	severity: string;
	person: string;
	text: string;
}

const ROWS = 100,
	TRIES = 60;
const NONE: Filter = { from: '', to: '', door: '', what: '', severity: '', person: '', text: '' };
const families = (acts: boolean): (readonly [string, string])[] => [
	['', t('log.family.all')],
	['result=granted', t('log.family.granted')],
	['result=denied', t('log.family.denied')],
	['type=access.', t('log.family.access')],
	['type=door.', t('common.doors')],
	['type=litter.', t('log.family.throws')],
	['type=camera.', t('common.cameras')],
	['type=person.', t('common.people')],
	['type=access.changed', t('log.family.rules')],
	...(acts ? [['type=operator.act', t('log.family.acts')] as const] : []),
	['type=fire.', t('log.family.fire')],
	['type=tamper.', t('log.family.tamper')],
	['type=reader.', t('log.family.readers')],
	['type=storage.', t('common.storage')],
	['type=link.', t('log.family.broker')],
	['type=audit.', t('log.family.anchors')],
	['type=system.', t('log.family.system')],
];

function question(filter: Filter): string {
	const query = new URLSearchParams();
	const from = fromLocal(filter.from),
		to = fromLocal(filter.to);

	if (from) query.set('from', from);
	if (to) query.set('to', to);
	if (filter.door) query.set('door', filter.door);
	if (filter.severity) query.set('severity', filter.severity);
	if (filter.person) query.set('person', filter.person);
	if (filter.text.trim()) query.set('text', filter.text.trim());
	const [key, value] = filter.what.split('=');
	if (key && value) query.set(key, value);
	return query.toString();
}

/** What an index does not answer is looked for piece by piece: asks on until the page is full. */
async function fetchPage(
	query: string,
	before: number | null,
	gone: () => boolean,
	onward: (seq: number) => void,
): Promise<EventPage> {
	const events: EventRow[] = [];
	let next = before;

	for (let i = 0; i < TRIES; i++) {
		const page: EventPage = await get(
			`events?limit=${ROWS - events.length}${next ? `&before=${next}` : ''}${query ? `&${query}` : ''}`,
		);

		events.push(...page.events);
		next = page.next;
		if (next === null || events.length >= ROWS || gone()) break;
		onward(next);
	}
	return { events, next };
}

/** What is chosen here holds at once. */
function Narrowing({ session, draft, now }: { session: Session; draft: Filter; now: (change: Partial<Filter>) => void }) {
	const { status } = useDesk(),
		types = families(may(session, 'manager'));

	return (
		<>
			<Select
				label={t('log.what')}
				value={draft.what}
				set={(what) => now({ what })}
				of={types.some(([k]) => k === draft.what) ? types : [...types, [draft.what, word(draft.what.replace('type=', ''))]]}
			/>
			<Select
				label={t('common.door')}
				value={draft.door}
				set={(door) => now({ door })}
				of={[['', t('log.everyDoor')], ...(status?.doors ?? []).map((d) => [d.name, d.name] as const)]}
			/>
			<Select
				label={t('log.severity')}
				value={draft.severity}
				set={(severity) => now({ severity })}
				of={[
					['', t('common.all')],
					['warning', t('log.severity.warning')],
					['alarm', t('log.severity.alarm')],
				]}
			/>
		</>
	);
}

function Filters({ session, filter, set }: { session: Session; filter: Filter; set: (filter: Filter) => void }) {
	const [draft, setDraft] = useState(filter),
		wrong = spanProblem(draft.from, draft.to);
	const edit = (change: Partial<Filter>): void => setDraft({ ...draft, ...change });
	const now = (change: Partial<Filter>): void => {
		const next = { ...draft, ...change };
		setDraft(next);
		if (!spanProblem(next.from, next.to)) set(next);
	};
	const narrowed = Object.entries(filter).filter(([key, value]) => key !== 'text' && value !== '').length;
	const [unfolded, setUnfolded] = useState(narrowed > 0); /* on a phone alone; elsewhere all of it is there */

	useEffect(() => setDraft(filter), [filter]);
	return (
		<form
			class={unfolded ? 'card filters' : 'card filters folded'}
			onSubmit={(e) => {
				e.preventDefault();
				if (!wrong) set(draft);
			}}
			role="search"
			aria-label={t('log.filter')}
		>
			<div class="toolbar">
				<div class="grow">
					<TextField
						label={t('log.text')}
						type="search"
						value={draft.text}
						set={(text) => edit({ text })}
						max={60}
						placeholder={t('log.textHint')}
					/>
				</div>
				<div class="fold-button">
					<Button aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
						{t('log.narrow')}
						{narrowed > 0 && ` (${narrowed})`}
					</Button>
				</div>
				<Narrowing session={session} draft={draft} now={now} />
			</div>
			<div class="toolbar">
				<TextField label={t('log.from')} type="datetime-local" value={draft.from} set={(from) => edit({ from })} />
				<TextField label={t('log.to')} type="datetime-local" value={draft.to} set={(to) => edit({ to })} error={wrong} />
				{may(session, 'manager') && <PersonFilter value={draft.person} set={(person) => now({ person })} />}
				<div class="row tight filter-buttons">
					<Button kind="main" type="submit">
						{t('log.search')}
					</Button>
					<Button
						onClick={() => {
							setDraft(NONE);
							set(NONE);
						}}
					>
						{t('log.clear')}
					</Button>
				</div>
			</div>
		</form>
	);
}

function PersonFilter({ value, set }: { value: string; set: (id: string) => void }) {
	const [wanted, setWanted] = useState(false),
		{ people, load } = usePeople(wanted); /* all the names: not before somebody looks for one */

	return (
		<div class="field" onFocusIn={() => setWanted(true)}>
			<PersonPicker label={t('common.person')} people={people} loading={!load.data} value={value} set={set} />
		</div>
	);
}

function Rows({ events, open }: { events: EventRow[]; open: (event: EventRow) => void }) {
	const head = [t('log.number'), t('common.time'), t('log.what'), t('log.where'), t('common.person'), t('log.details')];

	return (
		<div class="stacked">
			<Table label={t('log.table')} head={head}>
				{events.map((e) => (
					<tr key={e.seq} class={e.severity}>
						<td class="right" data-label={head[0]}>
							<button type="button" class="textlink" aria-label={t('log.entry', { seq: e.seq })} onClick={() => open(e)}>
								{e.seq}
							</button>
						</td>
						<td class="when" data-label={head[1]}>
							<time dateTime={e.time} title={e.time}>
								{moment(e.time)}
							</time>
						</td>
						<td class="what" data-label={head[2]}>
							<span>
								{e.severity !== 'info' && (
									<>
										<SeverityBadge severity={e.severity} />{' '}
									</>
								)}
								{word(e.type)}
							</span>
						</td>
						<td class="where" data-label={head[3]}>
							{(e.source ?? '').replace(/^[a-z]+\//, '')}
						</td>
						<td data-label={head[4]}>{e.person ? <PersonName id={e.person} /> : ''}</td>
						<td class="dim" data-label={head[5]}>
							{summary(e)}
						</td>
					</tr>
				))}
			</Table>
		</div>
	);
}

function fromAddress(args: string[]): Filter {
	const [key, value = ''] = args;

	return key === 'person'
		? { ...NONE, person: value }
		: key === 'door'
			? { ...NONE, door: value }
			: key === 'type'
				? { ...NONE, what: `type=${value}` }
				: NONE;
}

/** The page of a question that begins before a seq; the next older one is fetched before it is asked for. turn: ask again. */
function useEntries(query: string, before: number | null, turn: number) {
	const [page, setPage] = useState<EventPage | undefined>(),
		[problem, setProblem] = useState<Problem | undefined>(),
		[sofar, setSofar] = useState(0);
	const ahead = useRef<{ key: string; answer: Promise<EventPage> } | undefined>(undefined);
	const fetchAhead = (next: number): void => {
		const key = `${query} ${next}`;
		const answer = fetchPage(
			query,
			next,
			() => ahead.current !== undefined && ahead.current.key !== key,
			() => undefined,
		);

		ahead.current = { key, answer };
		answer.catch(() => {
			if (ahead.current?.key === key) ahead.current = undefined;
		});
	};

	useEffect(() => {
		let gone = false;
		const ready = ahead.current?.key === `${query} ${before}` ? ahead.current.answer : undefined;
		const onward = (seq: number): void => {
			if (!gone) setSofar(seq);
		};

		setProblem(undefined);
		setSofar(0);
		if (!ready) setPage(undefined);
		(ready ?? fetchPage(query, before, () => gone, onward)).then(
			(answer) => {
				if (gone) return;
				setPage(answer);
				if (answer.next !== null) fetchAhead(answer.next);
			},
			(error: unknown) => {
				ahead.current = undefined;
				if (!gone) setProblem(asProblem(error));
			},
		);
		return () => {
			gone = true;
		};
	}, [query, before, turn]);
	return { page, problem, sofar };
}

type Entries = ReturnType<typeof useEntries>;
function Found({ entries, retry, open }: { entries: Entries; retry: () => void; open: (event: EventRow) => void }) {
	const { page, problem, sofar } = entries;

	if (problem) return <Failed problem={problem} retry={retry} />;
	if (!page)
		return (
			<>
				<Loading />
				{sofar > 0 && (
					<p class="dim" role="status">
						{t('log.lookedThrough', { seq: count(sofar) })}
					</p>
				)}
			</>
		);
	if (page.events.length > 0) return <Rows events={page.events} open={open} />;
	return (
		<Card>
			<Empty icon="list" title={page.next === null ? t('log.nothingFits') : t('log.nothingYet')}>
				{page.next === null ? t('log.widen') : t('log.moreToSearch')}
			</Empty>
		</Card>
	);
}

/** trail: where each page began, from the newest (null) to the one that is shown. */
function Pager({ page, trail, go }: { page: EventPage; trail: (number | null)[]; go: (trail: (number | null)[]) => void }) {
	const step = (to: (number | null)[]): void => {
		go(to);
		scrollTo({ top: 0 });
	};

	if (trail.length < 2 && page.next === null) return null;
	return (
		<nav class="row pager" aria-label={t('log.pages')}>
			<Button icon="back" disabled={trail.length < 2} onClick={() => step(trail.slice(0, -1))}>
				{t('log.newer')}
			</Button>
			<Button disabled={trail.length < 2} onClick={() => go([null])}>
				{t('log.newest')}
			</Button>
			<Button disabled={page.next === null} onClick={() => page.next !== null && step([...trail, page.next])}>
				{t('log.older')}
			</Button>
			{page.events[0] && (
				<span class="dim">
					{count(page.events[0].seq)} – {count(page.events[page.events.length - 1]?.seq ?? 0)}
				</span>
			)}
		</nav>
	);
}

function Exports({ query, verify }: { query: string; verify: () => void }) {
	const exported = (format: string): string => `/api/v1/events/export?format=${format}${query ? `&${query}` : ''}`;

	return (
		<>
			<a class="button plain" href={exported('csv')} download>
				{t('common.exportCsv')}
			</a>
			<a class="button plain" href={exported('jsonl')} download>
				{t('log.exportJson')}
			</a>
			<Button icon="check" onClick={verify}>
				{t('log.verify')}
			</Button>
		</>
	);
}

export default function LogPage({ session, args }: PageProps) {
	const [filter, setFilter] = useState<Filter>(() => fromAddress(args)),
		query = useMemo(() => question(filter), [filter]);
	const [trail, setTrail] = useState<(number | null)[]>([null]),
		[turn, setTurn] = useState(0),
		[fresh, setFresh] = useState(0);
	const [shown, setShown] = useState<EventRow | undefined>(),
		[checking, setChecking] = useState(false);
	const before = trail[trail.length - 1] ?? null,
		entries = useEntries(query, before, turn);
	const again = (): void => setTurn(turn + 1);
	const change = (next: Filter): void => {
		setFilter(next);
		setTrail([null]);
		again();
	};
	const address = args.join('/'),
		seen = useRef(address);

	useEffect(() => {
		if (seen.current === address) return;
		seen.current = address;
		change(fromAddress(args));
	}, [address]);
	useEffect(() => {
		if (before === null) setFresh(0);
	}, [query, before, turn]);
	useEvents([''], () => setFresh((n) => n + 1));
	return (
		<Page
			title={t('nav.log')}
			wide
			actions={may(session, 'manager') && <Exports query={query} verify={() => setChecking(true)} />}
		>
			<Filters session={session} filter={filter} set={change} />
			{before === null && fresh > 0 && entries.page && (
				<div class="row">
					<Button icon="repeat" onClick={again}>
						{t('log.fresh', { count: count(fresh) })}
					</Button>
				</div>
			)}
			<Found entries={entries} retry={again} open={setShown} />
			{entries.page && <Pager page={entries.page} trail={trail} go={setTrail} />}
			{shown && (
				<EventDialog
					event={shown}
					close={() => setShown(undefined)}
					only={({ person, type }) => {
						setShown(undefined);
						change({ ...NONE, ...(person ? { person } : {}), ...(type ? { what: `type=${type}` } : {}) });
					}}
				/>
			)}
			{checking && <VerifyDialog close={() => setChecking(false)} />}
		</Page>
	);
}

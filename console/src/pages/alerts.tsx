/* The guard's desk: alerts, newest first and live; one is looked at, judged, and the next comes. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
	AlertDetail,
	CAUSES,
	exportAlert,
	GradeBadge,
	setHold,
	Thumb,
	VerdictBar,
	verdictTone,
	type VerdictName,
} from '../alert';
import { post, type Alert, type AlertPage, type Status } from '../api';
import { moment, plural, t, word } from '../i18n';
import { Icon } from '../icons';
import { KeyHelp, useKeys } from '../keys';
import { useReloadOn } from '../live';
import { noteIsOn, setNote, setSound, soundIsOn } from '../notify';
import { originText } from '../origin';
import type { Controls } from '../player';
import type { PageProps } from '../routes';
import { Await, Badge, Button, Card, Empty, Page, Segments, toast, useAct, useLoad } from '../ui';

const STEP = 50,
	MOST = 1000;
type Filter = 'new' | 'held' | 'reviewed' | 'all';

const go = (seq: number): void => {
	location.hash = `#/alerts/${seq}`;
};

function useNarrow(): boolean {
	const query = matchMedia('(max-width: 820px)'),
		[narrow, setNarrow] = useState(query.matches);

	useEffect(() => {
		const change = (): void => setNarrow(query.matches);

		query.addEventListener('change', change);
		return () => query.removeEventListener('change', change);
	}, []);
	return narrow;
}

/* ---- the list ---- */

function AlertCard({ alert, current, marked, mark }: { alert: Alert; current: boolean; marked: boolean; mark: () => void }) {
	const card = useRef<HTMLAnchorElement>(null);

	useEffect(() => {
		if (current) card.current?.scrollIntoView({ block: 'nearest' });
	}, [current]);
	return (
		<li class={marked ? 'marked' : undefined}>
			<a
				ref={card}
				class={`alert-card ${alert.grade}`}
				href={`#/alerts/${alert.seq}`}
				aria-current={current ? 'true' : undefined}
			>
				<Thumb alert={alert} />
				<span class="alert-card-text">
					<strong>{originText(alert, true)}</strong>
					<span class="dim">{moment(alert.time)}</span>
					<span class="row tight">
						{alert.verdict ? (
							<Badge tone={verdictTone(alert.verdict.verdict)}>{word(alert.verdict.verdict)}</Badge>
						) : (
							<GradeBadge alert={alert} />
						)}
						{alert.held && <Icon name="hold" />}
						{alert.case && <Icon name="folder" />}
					</span>
				</span>
			</a>
			<input
				type="checkbox"
				checked={marked}
				aria-label={t('alerts.selectOne', { origin: originText(alert), time: moment(alert.time) })}
				onChange={mark}
			/>
		</li>
	);
}

function NothingHere({ filter }: { filter: Filter }) {
	return filter === 'new' ? (
		<Empty icon="check" title={t('alerts.allReviewed')}>
			{t('alerts.appearsHere')}
		</Empty>
	) : (
		<Empty icon="alert" title={t('alerts.nothingHere')} />
	);
}

/** Of which camera; one that is not configured any more is found under all. */
function WhichCamera({ camera, set }: { camera: string; set: (camera: string) => void }) {
	const status = useLoad<Status>('status'),
		facades = status.data?.cameras.filter((c) => c.role === 'facade') ?? [];

	if (facades.length < 2) return null;
	return (
		<select class="alert-camera" aria-label={t('common.camera')} value={camera} onChange={(e) => set(e.currentTarget.value)}>
			<option value="">{t('alerts.allCameras')}</option>
			{facades.map((c) => (
				<option key={c.name} value={c.name} translate={false}>
					{c.name}
				</option>
			))}
		</select>
	);
}

/* ---- wanted or not ---- */

function Wanted() {
	const [sound, hear] = useState(soundIsOn()),
		[note, tell] = useState(noteIsOn());

	return (
		<>
			<Button
				kind="quiet"
				icon={sound ? 'sound' : 'mute'}
				aria-pressed={sound}
				label={sound ? t('alerts.soundOn') : t('alerts.soundOff')}
				onClick={() => {
					setSound(!sound);
					hear(!sound);
				}}
			/>
			<Button
				kind="quiet"
				icon="bell"
				aria-pressed={note}
				label={note ? t('alerts.notificationsOn') : t('alerts.notificationsOff')}
				onClick={() =>
					void setNote(!note).then((on) => {
						tell(on);
						if (!note && !on) toast(t('alerts.notificationsRefused'), 'bad');
					})
				}
			/>
		</>
	);
}

/* ---- what is in the list, and selected there ---- */

function useAlertList() {
	const [filter, setFilter] = useState<Filter>('new'),
		[camera, setCamera] = useState(''),
		[limit, setLimit] = useState(STEP);
	const [marked, setMarked] = useState<ReadonlySet<number>>(new Set());
	const load = useLoad<AlertPage>(`alerts?state=${filter}&limit=${limit}${camera ? `&camera=${camera}` : ''}`),
		list = load.data?.alerts ?? [];
	const mark = (seq: number): void =>
		setMarked((old) => {
			const next = new Set(old);

			if (!next.delete(seq)) next.add(seq);
			return next;
		});
	const unmark = (): void => setMarked(new Set());
	const show = (next: Filter, of: string): void => {
		setFilter(next);
		setCamera(of);
		setLimit(STEP);
		unmark();
	};

	return {
		...{ filter, camera, show, load, list, marked, mark, unmark },
		chosen: list.filter((a) => marked.has(a.seq)) /* what others judged meanwhile has left the list */,
		markAll: () => setMarked(new Set(list.map((a) => a.seq))),
		older: limit < MOST ? () => setLimit(limit + STEP) : undefined,
	};
}
type List = ReturnType<typeof useAlertList>;

/* ---- the one that is looked at ---- */

function usePicked(args: string[], list: Alert[], narrow: boolean) {
	const picked = args[0] && /^\d+$/.test(args[0]) ? Number(args[0]) : undefined;
	const alone = useLoad<Alert>(picked !== undefined ? `alerts/${picked}` : null);
	/* the one beside it, also when it is not in the list any more: judged, it left "new" */
	const beside = (step: 1 | -1): Alert | undefined => {
		const seq = picked ?? Infinity;

		return step > 0 ? list.find((a) => a.seq < seq) : [...list].reverse().find((a) => a.seq > seq);
	};
	const move = (step: 1 | -1): void => {
		const next = beside(step);

		if (next) go(next.seq);
	};

	useEffect(() => {
		if (!narrow && picked === undefined && list[0]) location.replace(`#/alerts/${list[0].seq}`);
	}, [narrow, picked, list[0]?.seq]);
	return { picked, alone, alert: alone.data ?? list.find((a) => a.seq === picked), beside, move };
}
type Picked = ReturnType<typeof usePicked>;

/* ---- verdicts: on the one, or on all that are selected ---- */

const verdictText = (verdict: VerdictName, cause: string | undefined): string =>
	cause ? `${word(verdict)} · ${word(cause)}` : word(verdict);

function useJudging(of: List, { picked, alert, beside }: Picked, narrow: boolean, changed: () => void) {
	const { list, chosen, marked, filter, unmark } = of;
	const draft = useRef(''),
		[causing, setCausing] = useState(false),
		{ busy, act } = useAct();
	const goOn = (next: Alert | undefined): void => {
		if (filter === 'new' && !narrow && next) go(next.seq);
	};
	/* each on its own, as if judged one after the other: what was said before a failure stands */
	const judgeChosen = async (verdict: VerdictName, cause?: string): Promise<void> => {
		const next = list.find((a) => !marked.has(a.seq));
		const work = async (): Promise<void> => {
			for (const one of chosen) {
				const note = one.verdict?.note;

				await post(`alerts/${one.seq}/verdict`, { verdict, ...(cause ? { cause } : {}), ...(note ? { note } : {}) });
			}
		};
		const done = await act(work, plural('alerts.verdictFor', chosen.length, { name: verdictText(verdict, cause) }));

		setCausing(false);
		changed();
		if (!done) return;
		unmark();
		goOn(next);
	};
	const judge = async (verdict: VerdictName, cause?: string): Promise<void> => {
		if (chosen.length > 0) return judgeChosen(verdict, cause);
		if (!alert) return;
		const next = beside(1) ?? beside(-1),
			note = draft.current;
		const work = (): Promise<unknown> =>
			post(`alerts/${alert.seq}/verdict`, { verdict, ...(cause ? { cause } : {}), ...(note ? { note } : {}) });

		if (!(await act(work, `${originText(alert)}: ${verdictText(verdict, cause)}`))) return;
		setCausing(false);
		changed();
		goOn(next);
	};

	useEffect(() => setCausing(false), [picked]);
	return { draft, causing, setCausing, busy, act, judge: (v: VerdictName, c?: string) => void judge(v, c) };
}
type Judging = ReturnType<typeof useJudging>;

/* ---- keys ---- */

function useDeskKeys(
	{ chosen, mark, unmark }: List,
	{ picked, alert, move }: Picked,
	{ causing, setCausing, busy, act, judge }: Judging,
	rest: { controls: RefObject<Controls | null>; changed: () => void; help: () => void },
): void {
	const player = (press: (controls: Controls) => void) => (): void => {
		if (rest.controls.current) press(rest.controls.current);
	};
	/* a verdict, or after "2" the cause of a false alarm */
	const choose = (n: number): void => {
		const cause = CAUSES[n - 1];

		if ((!alert && chosen.length === 0) || busy) return;
		if (causing && cause) judge('false', cause);
		else if (!causing && n === 2) setCausing(true);
		else if (!causing && (n === 1 || n === 3)) judge(n === 1 ? 'confirmed' : 'unsure');
	};

	useKeys({
		j: () => move(1),
		k: () => move(-1),
		ArrowDown: () => move(1),
		ArrowUp: () => move(-1),
		' ': player((c) => c.toggle()),
		',': player((c) => c.step(-1)),
		'.': player((c) => c.step(1)),
		t: player((c) => c.toThrow()),
		s: player((c) => c.speed()),
		r: player((c) => c.again()),
		z: player((c) => c.zoom()),
		h: () => {
			if (alert) void act(() => setHold(alert)).then(rest.changed);
		},
		e: () => {
			if (alert) void act(() => exportAlert(alert));
		},
		x: () => {
			if (picked !== undefined) mark(picked);
		},
		Escape: () => (causing ? setCausing(false) : unmark()),
		'?': rest.help,
		...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [String(n), () => choose(n)])),
	});
}

const keyRows = (): [string[], string][] => [
	[['j', 'k'], t('alerts.key.next')],
	[['1'], t('alerts.key.confirmed')],
	[['2'], t('alerts.key.false')],
	[['3'], t('alerts.key.unsure')],
	[['x'], t('alerts.key.select')],
	[['␣'], t('alerts.key.play')],
	[[',', '.'], t('alerts.key.frame')],
	[['t'], t('alerts.key.toThrow')],
	[['s'], t('alerts.key.slower')],
	[['r'], t('alerts.key.repeat')],
	[['z'], t('alerts.key.closer')],
	[['h'], t('alerts.key.hold')],
	[['e'], t('alerts.key.export')],
	[['?'], t('alerts.key.help')],
];

/* ---- the page ---- */

/** How many are selected; on a phone, where no alert is beside the list, also what to say of them. */
function MarkedBar({ of, judging, narrow }: { of: List; judging: Judging; narrow: boolean }) {
	const { chosen, list } = of,
		{ causing, setCausing, judge, busy } = judging;

	return (
		<div class="alert-marked row tight" role="status">
			{narrow ? (
				<VerdictBar many={chosen.length} causing={causing} setCausing={setCausing} judge={judge} busy={busy} />
			) : (
				<strong>{t('alerts.selected', { count: chosen.length })}</strong>
			)}
			{chosen.length < list.length && <Button onClick={of.markAll}>{t('alerts.selectAll', { count: list.length })}</Button>}
			<Button kind="quiet" icon="close" label={t('alerts.selectNone')} onClick={of.unmark} />
		</div>
	);
}

function Cards({ of, page, picked }: { of: List; page: AlertPage; picked: number | undefined }) {
	if (page.alerts.length === 0)
		return (
			<Card>
				<NothingHere filter={of.filter} />
			</Card>
		);
	return (
		<>
			<ol class="alert-cards">
				{page.alerts.map((a) => (
					<AlertCard key={a.seq} alert={a} current={a.seq === picked} marked={of.marked.has(a.seq)} mark={() => of.mark(a.seq)} />
				))}
			</ol>
			{page.next !== null && of.older && <Button onClick={of.older}>{t('alerts.older')}</Button>}
		</>
	);
}

type ListProps = { of: List; picked: number | undefined; judging: Judging; narrow: boolean };
function AlertList({ of, picked, judging, narrow }: ListProps) {
	const { filter, camera, show, load } = of;

	return (
		<section class="alert-list" aria-label={t('alerts.list')}>
			<Segments<Filter>
				label={t('alerts.which')}
				value={filter}
				set={(next) => show(next, camera)}
				of={[
					['new', t('alerts.new'), load.data?.new],
					['held', t('common.held'), load.data?.held],
					['reviewed', t('alerts.reviewed')],
					['all', t('common.all')],
				]}
			/>
			<WhichCamera camera={camera} set={(one) => show(filter, one)} />
			{of.chosen.length > 0 && <MarkedBar of={of} judging={judging} narrow={narrow} />}
			<Await load={load}>{(page) => <Cards of={of} page={page} picked={picked} />}</Await>
		</section>
	);
}

export default function AlertsPage({ args }: PageProps) {
	const narrow = useNarrow(),
		of = useAlertList(),
		pick = usePicked(args, of.list, narrow),
		{ picked, alone, alert } = pick;
	const controls = useRef<Controls | null>(null),
		[help, setHelp] = useState(false);
	const changed = (): void => {
		of.load.reload();
		alone.reload();
	};
	const judging = useJudging(of, pick, narrow, changed);
	const toList = (): void => {
		location.hash = '#/alerts';
	};

	useReloadOn(['litter.', 'alert.', 'case.'], changed);
	useDeskKeys(of, pick, judging, { controls, changed, help: () => setHelp(true) });
	return (
		<Page
			wide
			title={t('nav.alerts')}
			actions={
				<>
					<Wanted />
					<Button kind="quiet" icon="keyboard" label={t('common.keys')} onClick={() => setHelp(true)} />
				</>
			}
		>
			<div class="desk">
				{(!narrow || picked === undefined) && <AlertList of={of} picked={picked} judging={judging} narrow={narrow} />}
				{picked !== undefined && (
					<section class="alert-pane">
						{alert ? (
							<AlertDetail
								key={alert.seq}
								alert={alert}
								many={of.chosen.length}
								controls={controls}
								draft={judging.draft}
								changed={changed}
								causing={judging.causing}
								setCausing={judging.setCausing}
								busy={judging.busy}
								judge={judging.judge}
								back={narrow ? toList : undefined}
							/>
						) : (
							<Await load={alone}>{() => null}</Await>
						)}
					</section>
				)}
			</div>
			{help && <KeyHelp rows={keyRows()} close={() => setHelp(false)} />}
		</Page>
	);
}

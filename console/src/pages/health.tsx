/* Is the gate well? Cameras and their blind time, traffic and alerts by the hour, room on the disk, the link. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, type Alert, type Camera, type EventRow, type Problem, type Status } from '../api';
import { count, t, word } from '../i18n';
import { HourChart, type Stack } from '../office/chart';
import { lasting, size } from '../office/parts';
import { ReasonText } from '../reason';
import { useDesk } from '../shell';
import { asProblem, Badge, Card, Empty, Failed, Loading, Page, Segments, StateBadge, Table } from '../ui';

const HOUR_S = 3600,
	DAY_S = 86400,
	PAGES_MAX = 20,
	PAGE = 1000;

/* ---- cameras ---- */

function CameraRow({ camera, head }: { camera: Camera; head: string[] }) {
	const sight = camera.sight,
		whole = sight?.watched_s ?? 0,
		share = whole > 0 ? (sight?.blind_s ?? 0) / whole : 0;

	return (
		<tr>
			<td data-label={head[0]}>
				<span>
					<strong>{camera.name}</strong>{' '}
					<span class="dim">{camera.role === 'face' ? t('health.role.face') : t('health.role.facade')}</span>
				</span>
			</td>
			<td data-label={head[1]}>
				<span>
					<StateBadge state={camera.state} />
					{camera.reason && (
						<span class="dim">
							{' '}
							<ReasonText text={camera.reason} reason={camera.problem} />
						</span>
					)}
				</span>
			</td>
			<td data-label={head[2]}>
				{sight ? <StateBadge state={sight.cause} /> : <span class="dim">{t('health.notWatched')}</span>}
			</td>
			<td data-label={head[3]}>
				{sight && (
					<span>
						<meter
							min={0}
							max={1}
							low={0.02}
							high={0.1}
							optimum={0}
							value={share}
							aria-label={t('health.blindPart', { camera: camera.name })}
						/>{' '}
						{lasting(sight.blind_s)} {t('health.of')} {lasting(whole)}
					</span>
				)}
			</td>
			<td data-label={head[4]} class="dim">
				{sight
					? Object.entries(sight.seconds)
							.filter(([cause, s]) => cause !== 'clear' && s > 0)
							.map(([cause, s]) => `${word(cause)} ${lasting(s)}`)
							.join(t('health.comma'))
					: ''}
			</td>
		</tr>
	);
}

function Cameras({ cameras }: { cameras: Camera[] }) {
	const head = [t('common.camera'), t('common.state'), t('health.sight'), t('health.blindToday'), t('common.why')];

	return (
		<Card title={t('common.cameras')}>
			{cameras.length === 0 ? (
				<Empty icon="camera" title={t('health.noCamera')} />
			) : (
				<div class="stacked">
					<Table label={t('common.cameras')} head={head}>
						{cameras.map((c) => (
							<CameraRow key={c.name} camera={c} head={head} />
						))}
					</Table>
				</div>
			)}
		</Card>
	);
}

/* ---- storage ---- */

function forecast(e: NonNullable<Status['evidence']>): { text: string; tone: 'good' | 'warn' | 'bad' } {
	const age = e.oldest ? (Date.now() - Date.parse(e.oldest)) / 1000 : 0,
		rate = age > HOUR_S ? e.used_bytes / (age / DAY_S) : 0;
	const room = Math.max(0, Math.min(e.limit_bytes - e.used_bytes, e.room_bytes));

	if (rate === 0) return { text: t('health.tooLittle'), tone: 'good' };
	const steady = rate * e.days,
		left = room / rate,
		often = t('health.perDay', { size: size(rate) });
	if (steady <= e.used_bytes + room)
		return { text: t('health.fits', { rate: often, days: e.days, size: size(steady) }), tone: 'good' };
	return {
		text: t('health.fullIn', { duration: lasting(left * DAY_S), rate: often, days: e.days }),
		tone: left < 3 ? 'bad' : 'warn',
	};
}

function Storage({ status }: { status: Status }) {
	const e = status.evidence,
		{ storage } = status;

	return (
		<Card title={t('common.storage')} actions={<StateBadge state={storage.state} />}>
			<dl class="definition">
				<dt>{t('health.log')}</dt>
				<dd>
					{count(storage.last_seq ?? 0)} {t('health.entryUnit')}
					{storage.reason && (
						<span class="note bad">
							<ReasonText text={storage.reason} reason={storage.problem} />
						</span>
					)}
				</dd>
				<dt>{t('health.waitingForDisk')}</dt>
				<dd>
					{count(storage.pending ?? 0)}
					{storage.slow && (
						<>
							{' '}
							<Badge tone="warn">{t('health.diskSlow')}</Badge>
						</>
					)}
				</dd>
				{e && (
					<>
						<dt>{t('common.evidence')}</dt>
						<dd>
							{size(e.used_bytes)} {t('health.of')} {size(e.limit_bytes)}{' '}
							<progress max={e.limit_bytes} value={e.used_bytes} aria-label={t('health.evidenceUsed')} />
						</dd>
						<dt>{t('health.evidenceProtected')}</dt>
						<dd>{size(e.protected_bytes)}</dd>
						<dt>{t('health.diskFree')}</dt>
						<dd>{size(e.room_bytes)}</dd>
					</>
				)}
			</dl>
			{e && <p class={`note ${forecast(e).tone}`}>{forecast(e).text}</p>}
		</Card>
	);
}

function Link({ status }: { status: Status }) {
	const { mqtt, storage } = status,
		confirmed = mqtt.acknowledged ?? 0,
		behind = (storage.last_seq ?? 0) - confirmed;

	return (
		<Card title={t('health.link')} actions={<StateBadge state={mqtt.state} />}>
			{mqtt.state === 'off' ? (
				<p class="dim">{t('health.linkOff')}</p>
			) : (
				<dl class="definition">
					{mqtt.reason && (
						<>
							<dt>{t('common.why')}</dt>
							<dd>
								<ReasonText text={mqtt.reason} reason={mqtt.problem} />
							</dd>
						</>
					)}
					<dt>{t('health.linkConfirmed')}</dt>
					<dd>{count(confirmed)}</dd>
					<dt>{t('health.linkPending')}</dt>
					<dd>
						{behind > 0 ? count(behind) : t('health.linkPendingNone')}
						{behind > 0 && mqtt.state !== 'connected' && (
							<>
								{' '}
								<span class="dim">{t('health.linkPendingText')}</span>
							</>
						)}
					</dd>
				</dl>
			)}
			<dl class="definition">
				<dt>{t('health.uptime')}</dt>
				<dd>{lasting(status.uptime_s)}</dd>
				<dt>{t('health.version')}</dt>
				<dd>{status.version}</dd>
				<dt>{t('health.enrolled')}</dt>
				<dd>{count(status.people)}</dd>
			</dl>
		</Card>
	);
}

/* ---- by the hour ---- */

interface Traffic {
	hours: number[];
	entries: Stack[];
	alerts: Stack[];
	cut: boolean;
}

async function eachEvent(query: string, take: (event: EventRow) => void): Promise<boolean> {
	let before: number | null = null;

	for (let i = 0; i < PAGES_MAX; i++) {
		const page: { events: EventRow[]; next: number | null } = await get(
			`events?limit=${PAGE}&${query}${before === null ? '' : `&before=${before}`}`,
		);

		page.events.forEach(take);
		before = page.next;
		if (before === null) return false;
	}
	return true;
}

async function traffic(hours: number): Promise<Traffic> {
	const last = Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S,
		starts = Array.from({ length: hours }, (_, i) => last - (hours - 1 - i) * HOUR_S),
		first = starts[0] ?? last;
	const slot = (iso: string): number => Math.floor((Date.parse(iso) / 1000 - first) / HOUR_S);
	const zeros = (): number[] => starts.map(() => 0),
		add = (to: number[], iso: string): void => {
			const at = slot(iso);
			if (at >= 0 && at < hours) to[at] = (to[at] ?? 0) + 1;
		};
	const granted = zeros(),
		denied = zeros(),
		byVerdict = { fresh: zeros(), confirmed: zeros(), false: zeros(), unsure: zeros() };
	const from = encodeURIComponent(new Date(first * 1000).toISOString().replace(/\.\d+Z/, 'Z'));
	let cut = await eachEvent(`result=granted&from=${from}`, (e) => add(granted, e.time));

	cut = (await eachEvent(`result=denied&from=${from}`, (e) => add(denied, e.time))) || cut;
	for (let before: number | null = null, i = 0; i < PAGES_MAX; i++) {
		const page: { alerts: Alert[]; next: number | null } = await get(
			`alerts?state=all&limit=${PAGE}${before === null ? '' : `&before=${before}`}`,
		);

		page.alerts.forEach((a) => add(byVerdict[a.verdict?.verdict ?? 'fresh'], a.time));
		before = page.next;
		const oldest = page.alerts[page.alerts.length - 1];
		if (before === null || !oldest || Date.parse(oldest.time) / 1000 < first) break;
	}
	return {
		hours: starts,
		cut,
		entries: [
			{ name: t('health.series.granted'), colour: 'var(--good)', values: granted },
			{ name: t('health.series.denied'), colour: 'var(--warn)', values: denied },
		],
		alerts: [
			{ name: word('confirmed'), colour: 'var(--bad)', values: byVerdict.confirmed },
			{ name: word('unsure'), colour: 'var(--warn)', values: byVerdict.unsure },
			{ name: word('false'), colour: 'var(--line-strong)', values: byVerdict.false },
			{ name: t('health.series.unreviewed'), colour: 'var(--info)', values: byVerdict.fresh },
		],
	};
}

function ByHour() {
	const [span, setSpan] = useState<'24' | '168'>('24'),
		[data, setData] = useState<Traffic | undefined>(),
		[problem, setProblem] = useState<Problem | undefined>(),
		[turn, setTurn] = useState(0);

	useEffect(() => {
		let gone = false;

		setProblem(undefined);
		traffic(Number(span)).then(
			(got) => {
				if (!gone) setData(got);
			},
			(error: unknown) => {
				if (!gone) setProblem(asProblem(error));
			},
		);
		return () => {
			gone = true;
		};
	}, [span, turn]);
	return (
		<Card
			title={t('health.byHour')}
			actions={
				<Segments
					label={t('health.span')}
					value={span}
					set={setSpan}
					of={[
						['24', t('health.span.day')],
						['168', t('health.span.week')],
					]}
				/>
			}
		>
			{problem ? (
				<Failed problem={problem} retry={() => setTurn(turn + 1)} />
			) : !data ? (
				<Loading />
			) : (
				<div class="split">
					<section>
						<h3>{t('health.entries')}</h3>
						<HourChart label={t('health.entriesLabel')} hours={data.hours} stacks={data.entries} />
					</section>
					<section>
						<h3>{t('health.throws')}</h3>
						<HourChart label={t('health.throwsLabel')} hours={data.hours} stacks={data.alerts} />
					</section>
				</div>
			)}
			{data?.cut && <p class="dim">{t('health.tooManyEntries', { count: count(PAGES_MAX * PAGE) })}</p>}
		</Card>
	);
}

export default function HealthPage() {
	const status = useDesk().status,
		cameras = useMemo(() => status?.cameras ?? [], [status]);

	return (
		<Page title={t('nav.health')}>
			{!status ? (
				<Loading />
			) : (
				<>
					<Cameras cameras={cameras} />
					<ByHour />
					<div class="split">
						<Storage status={status} />
						<Link status={status} />
					</div>
				</>
			)}
		</Page>
	);
}

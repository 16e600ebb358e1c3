/* Is the gate well? Cameras and their blind time, traffic and alerts by the hour, room on the disk, the link. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, type Alert, type Camera, type EventRow, type Problem, type Status } from '../api';
import { count, t, word } from '../i18n';
import { HourChart, type Stack } from '../office/chart';
import { lasting, size } from '../office/parts';
import type { PageProps } from '../routes';
import { Said } from '../said';
import { useDesk } from '../shell';
import { asProblem, Badge, Card, Empty, Failed, Loading, Page, Segments, StateBadge, Table } from '../ui';

interface Evidence { used_bytes: number; protected_bytes: number; limit_bytes: number; room_bytes: number; days: number; oldest: string | null }
type Full = Status & { evidence?: Evidence | null };

const HOUR_S = 3600, DAY_S = 86400, PAGES_MAX = 20, PAGE = 1000;

/* ---- cameras ---- */

function CameraRow({ camera, head }: { camera: Camera; head: string[] }) {
	const sight = camera.sight as Camera['sight'] | null, whole = sight?.watched_s ?? 0, share = whole > 0 ? (sight?.blind_s ?? 0) / whole : 0;

	return (
		<tr>
			<td data-label={head[0]}><span><strong>{camera.name}</strong> <span class="dim">{camera.role === 'face' ? t('faces', '人脸') : t('facade', '外墙')}</span></span></td>
			<td data-label={head[1]}><span><StateBadge state={camera.state} />{camera.reason && <span class="dim"> <Said text={camera.reason} /></span>}</span></td>
			<td data-label={head[2]}>{sight ? <StateBadge state={sight.cause} /> : <span class="dim">{t('not watched', '不监测')}</span>}</td>
			<td data-label={head[3]}>{sight && <span><meter min={0} max={1} low={0.02} high={0.1} optimum={0} value={share} aria-label={t(`Blind part of ${camera.name}'s day`, `${camera.name} 今日失明比例`)} /> {lasting(sight.blind_s)} {t('of', '/')} {lasting(whole)}</span>}</td>
			<td data-label={head[4]} class="dim">{sight ? Object.entries(sight.seconds).filter(([cause, s]) => cause !== 'clear' && s > 0).map(([cause, s]) => `${word(cause)} ${lasting(s)}`).join(t(', ', '，')) : ''}</td>
		</tr>
	);
}

function Cameras({ cameras }: { cameras: Camera[] }) {
	const head = [t('Camera', '摄像机'), t('State', '状态'), t('Sight', '视野'), t('Blind today', '今日失明'), t('Why', '原因')];

	return (
		<Card title={t('Cameras', '摄像机')}>
			{cameras.length === 0 ? <Empty icon="camera" title={t('This gate has no camera', '此闸机没有摄像机')} />
			: <div class="stacked"><Table label={t('Cameras', '摄像机')} head={head}>{cameras.map((c) => <CameraRow key={c.name} camera={c} head={head} />)}</Table></div>}
		</Card>
	);
}

/* ---- storage ---- */

function forecast(e: Evidence): { text: string; tone: 'good' | 'warn' | 'bad' } {
	const age = e.oldest ? (Date.now() - Date.parse(e.oldest)) / 1000 : 0, rate = age > HOUR_S ? e.used_bytes / (age / DAY_S) : 0;
	const room = Math.max(0, Math.min(e.limit_bytes - e.used_bytes, e.room_bytes));

	if (rate === 0) return { text: t('Too little has been recorded yet to say when it will be full.', '记录尚少，暂无法预测何时存满。'), tone: 'good' };
	const steady = rate * e.days, left = room / rate, often = t(`about ${size(rate)} a day`, `每天约 ${size(rate)}`);
	if (steady <= e.used_bytes + room) return { text: t(`It fits: ${often}, kept for ${e.days} days, comes to ${size(steady)}.`, `空间充足：${often}，保留 ${e.days} 天约需 ${size(steady)}。`), tone: 'good' };
	return {
		text: t(`Full in about ${lasting(left * DAY_S)} (${often}). Then the oldest reviewed evidence goes before its ${e.days} days are over.`, `约 ${lasting(left * DAY_S)}后存满（${often}）。届时最早的已审核证据将在 ${e.days} 天期满前被删除。`),
		tone: left < 3 ? 'bad' : 'warn',
	};
}

function Storage({ status }: { status: Full }) {
	const e = status.evidence, { storage } = status;

	return (
		<Card title={t('Storage', '存储')} actions={<StateBadge state={storage.state} />}>
			<dl class="definition">
				<dt>{t('Log', '日志')}</dt><dd>{count(storage.last_seq)} {t('entries', '条')}{storage.reason && <span class="note bad"><Said text={storage.reason} /></span>}</dd>
				<dt>{t('Waiting for the disk', '等待写入')}</dt><dd>{count(storage.pending)}{storage.slow && <> <Badge tone="warn">{t('disk slow', '磁盘缓慢')}</Badge></>}</dd>
				{e && <>
					<dt>{t('Evidence', '证据')}</dt><dd>{size(e.used_bytes)} {t('of', '/')} {size(e.limit_bytes)} <progress max={e.limit_bytes} value={e.used_bytes} aria-label={t('Evidence of what it may take', '证据占用')} /></dd>
					<dt>{t('Not reviewed or held', '未审核或保留')}</dt><dd>{size(e.protected_bytes)}</dd>
					<dt>{t('Room on the disk', '磁盘可用')}</dt><dd>{size(e.room_bytes)}</dd></>}
			</dl>
			{e && <p class={`note ${forecast(e).tone}`}>{forecast(e).text}</p>}
		</Card>
	);
}

function Link({ status }: { status: Full }) {
	const { mqtt, storage } = status, behind = storage.last_seq - mqtt.acknowledged;

	return (
		<Card title={t('Link to the property system', '与物业系统的连接')} actions={<StateBadge state={mqtt.state} />}>
			{mqtt.state === 'off' ? <p class="dim">{t('Switched off in the config.', '配置中已关闭。')}</p> : (
				<dl class="definition">
					{mqtt.reason && <><dt>{t('Why', '原因')}</dt><dd><Said text={mqtt.reason} /></dd></>}
					<dt>{t('Events confirmed up to', '已确认至')}</dt><dd>{count(mqtt.acknowledged)}</dd>
					<dt>{t('Still to be sent', '待发送')}</dt><dd>{behind > 0 ? count(behind) : t('nothing', '无')}{behind > 0 && mqtt.state !== 'connected' && <> <span class="dim">{t('(nothing is lost: they wait in the log)', '（不会丢失：保存在日志中）')}</span></>}</dd>
				</dl>
			)}
			<dl class="definition">
				<dt>{t('Running for', '已运行')}</dt><dd>{lasting(status.uptime_s)}</dd>
				<dt>{t('Version', '版本')}</dt><dd>{status.version}</dd>
				<dt>{t('People enrolled', '登记人数')}</dt><dd>{count(status.people)}</dd>
			</dl>
		</Card>
	);
}

/* ---- by the hour ---- */

interface Traffic { hours: number[]; entries: Stack[]; alerts: Stack[]; cut: boolean }

async function eachEvent(query: string, take: (event: EventRow) => void): Promise<boolean> {
	let before: number | null = null;

	for (let i = 0; i < PAGES_MAX; i++) {
		const page: { events: EventRow[]; next: number | null } = await get(`events?limit=${PAGE}&${query}${before === null ? '' : `&before=${before}`}`);

		page.events.forEach(take);
		before = page.next;
		if (before === null) return false;
	}
	return true;
}

async function traffic(hours: number): Promise<Traffic> {
	const last = Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S, starts = Array.from({ length: hours }, (_, i) => last - (hours - 1 - i) * HOUR_S), first = starts[0] ?? last;
	const slot = (iso: string): number => Math.floor((Date.parse(iso) / 1000 - first) / HOUR_S);
	const zeros = (): number[] => starts.map(() => 0), add = (to: number[], iso: string): void => { const at = slot(iso); if (at >= 0 && at < hours) to[at] = (to[at] ?? 0) + 1; };
	const granted = zeros(), denied = zeros(), byVerdict = { fresh: zeros(), confirmed: zeros(), false: zeros(), unsure: zeros() };
	const from = encodeURIComponent(new Date(first * 1000).toISOString().replace(/\.\d+Z/, 'Z'));
	let cut = await eachEvent(`result=granted&from=${from}`, (e) => add(granted, e.time));

	cut = (await eachEvent(`result=denied&from=${from}`, (e) => add(denied, e.time))) || cut;
	for (let before: number | null = null, i = 0; i < PAGES_MAX; i++) {
		const page: { alerts: Alert[]; next: number | null } = await get(`alerts?state=all&limit=${PAGE}${before === null ? '' : `&before=${before}`}`);

		page.alerts.forEach((a) => add(byVerdict[a.verdict?.verdict ?? 'fresh'], a.time));
		before = page.next;
		const oldest = page.alerts[page.alerts.length - 1];
		if (before === null || !oldest || Date.parse(oldest.time) / 1000 < first) break;
	}
	return {
		hours: starts, cut,
		entries: [{ name: t('let in', '放行'), colour: 'var(--good)', values: granted }, { name: t('denied', '拒绝'), colour: 'var(--warn)', values: denied }],
		alerts: [{ name: word('confirmed'), colour: 'var(--bad)', values: byVerdict.confirmed }, { name: word('unsure'), colour: 'var(--warn)', values: byVerdict.unsure },
			{ name: word('false'), colour: 'var(--line-strong)', values: byVerdict.false }, { name: t('not reviewed', '未审核'), colour: 'var(--info)', values: byVerdict.fresh }],
	};
}

function ByHour() {
	const [span, setSpan] = useState<'24' | '168'>('24'), [data, setData] = useState<Traffic | undefined>(), [problem, setProblem] = useState<Problem | undefined>(), [turn, setTurn] = useState(0);

	useEffect(() => {
		let gone = false;

		setProblem(undefined);
		traffic(Number(span)).then((got) => { if (!gone) setData(got); }, (error: unknown) => { if (!gone) setProblem(asProblem(error)); });
		return () => { gone = true; };
	}, [span, turn]);
	return (
		<Card title={t('By the hour', '按小时')} actions={<Segments label={t('How far back', '时间范围')} value={span} set={setSpan} of={[['24', t('24 hours', '24 小时')], ['168', t('7 days', '7 天')]]} />}>
			{problem ? <Failed problem={problem} retry={() => setTurn(turn + 1)} /> : !data ? <Loading /> : (
				<div class="split">
					<section><h3>{t('Entries', '通行')}</h3><HourChart label={t('Entries let in and denied, by the hour', '按小时统计的放行与拒绝')} hours={data.hours} stacks={data.entries} /></section>
					<section><h3>{t('Thrown objects, by verdict', '高空抛物（按结论）')}</h3><HourChart label={t('Alerts by the hour and verdict', '按小时和结论统计的警报')} hours={data.hours} stacks={data.alerts} /></section>
				</div>
			)}
			{data?.cut && <p class="dim">{t(`More than ${count(PAGES_MAX * PAGE)} entries: only the newest are counted.`, `超过 ${count(PAGES_MAX * PAGE)} 条，仅统计最新部分。`)}</p>}
		</Card>
	);
}

export default function HealthPage(_: PageProps) {
	const status = useDesk().status as Full | undefined, cameras = useMemo(() => status?.cameras ?? [], [status]);

	return (
		<Page title={t('Health', '运行状况')}>
			{!status ? <Loading /> : (
				<>
					<Cameras cameras={cameras} />
					<ByHour />
					<div class="split"><Storage status={status} /><Link status={status} /></div>
				</>
			)}
		</Page>
	);
}

/* One alert as the guard judges it: the clip, why the gate thinks so, what people said, what is done with it. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, download, get, post, type Alert, type Case } from './api';
import { moment, t, word } from './i18n';
import { Icon } from './icons';
import { originText } from './origin';
import { ReasonText } from './reason';
import { Player, type Controls } from './player';
import { Badge, Button, Dialog, Field, TextField, toast, useAct, useLoad, type Tone } from './ui';

export type VerdictName = 'confirmed' | 'false' | 'unsure';
export const CAUSES = ['bird', 'insect', 'leaf', 'laundry', 'rain', 'light', 'other'] as const;

export const verdictTone = (verdict: VerdictName): Tone =>
	verdict === 'confirmed' ? 'bad' : verdict === 'false' ? 'good' : 'warn';

export function GradeBadge({ alert }: { alert: Alert }) {
	return <Badge tone={alert.grade === 'alert' ? 'bad' : 'warn'}>{word(alert.grade)}</Badge>;
}

const facades = new Map<string, string>();

/* One still for all small pictures of a camera: a facade stands still, each look at evidence is written to the log,
 * and at this size a picture of 100 KB for each alert would show no more. */
function facadeOf(alert: Alert): string | undefined {
	const camera = alert.camera ?? '',
		own = alert.files.find((f) => f.name.endsWith('.jpg') && !f.name.endsWith('-trajectory.jpg'));

	if (own && !facades.has(camera)) facades.set(camera, own.name);
	return facades.get(camera);
}

/** Where on the facade it fell: its camera's picture in small, the path drawn thick enough to be seen. */
export function Thumb({ alert }: { alert: Alert }) {
	const still = facadeOf(alert),
		[width, height] = alert.picture ?? [16, 9],
		path = alert.path ?? [],
		first = path[0];

	if (!still)
		return (
			<span class="no-picture">
				<Icon name="camera" />
			</span>
		);
	return (
		<span class="thumb">
			<img
				src={`/api/v1/evidence/${encodeURIComponent(still)}`}
				alt=""
				loading="lazy"
				width={112}
				height={63}
				onError={() => facades.delete(alert.camera ?? '')}
			/>
			<svg class="overlay" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
				<polyline class="path-done" points={path.map(([, x, y]) => `${x},${y}`).join(' ')} stroke-width={height / 30} />
				{first && <circle class="path-origin" cx={first[1]} cy={first[2]} r={height / 12} stroke-width={height / 36} />}
			</svg>
		</span>
	);
}

/* ---- why ---- */

function Reasons({ alert }: { alert: Alert }) {
	const reasons = [...(alert.reasons ?? [])].sort((a, b) => b.weight - a.weight);
	const most = Math.max(1, ...reasons.map((r) => Math.abs(r.weight)));

	if (!reasons.length) return null;
	return (
		<section class="card">
			<header class="card-head">
				<h2>{t('alert.reasons')}</h2>
				{alert.score !== undefined && (
					<span class="dim">
						{t('alert.reasonSum')} {alert.score.toFixed(1)}
					</span>
				)}
			</header>
			<ul class="reasons">
				{reasons.map((r) => (
					<li key={r.name}>
						<span>{word(r.name)}</span>
						<span class="bar" aria-hidden="true">
							<i class={r.weight < 0 ? 'against' : 'for'} style={{ width: `${(50 * Math.abs(r.weight)) / most}%` }} />
						</span>
						<b>
							{r.weight > 0 ? '+' : '−'}
							{Math.abs(r.weight).toFixed(1)}
						</b>
					</li>
				))}
			</ul>
		</section>
	);
}

/* ---- what people said ---- */

/** many: the verdict is for so many that were selected, not for the alert. */
interface VerdictProps {
	alert?: Alert | undefined;
	many: number;
	causing: boolean;
	setCausing: (on: boolean) => void;
	judge: (verdict: VerdictName, cause?: string) => void;
	busy: boolean;
}

export function VerdictBar({ alert, many, causing, setCausing, judge, busy }: VerdictProps) {
	const last = many > 0 ? undefined : alert?.verdict,
		said = last?.verdict;

	return (
		<div class="verdict-bar" role="group" aria-label={t('alert.verdict')}>
			{many > 0 && <strong class="many">{t('alert.selected', { count: many })}</strong>}
			{causing ? (
				<>
					<strong>{t('alert.whatWasIt')}</strong>
					{CAUSES.map((cause, i) => (
						<Button key={cause} busy={busy} onClick={() => judge('false', cause)}>
							<kbd>{i + 1}</kbd> {word(cause)}
						</Button>
					))}
					<Button kind="quiet" icon="close" label={t('alert.back')} onClick={() => setCausing(false)} />
				</>
			) : (
				<>
					<Button
						class="button verdict confirmed"
						aria-pressed={said === 'confirmed'}
						busy={busy}
						onClick={() => judge('confirmed')}
					>
						<kbd>1</kbd> {t('alert.confirmed')}
					</Button>
					<Button class="button verdict false" aria-pressed={said === 'false'} busy={busy} onClick={() => setCausing(true)}>
						<kbd>2</kbd> {t('alert.falseAlarm')}
					</Button>
					<Button class="button verdict unsure" aria-pressed={said === 'unsure'} busy={busy} onClick={() => judge('unsure')}>
						<kbd>3</kbd> {t('alert.unsure')}
					</Button>
					{last && (
						<span class="said">
							{word(last.verdict)}
							{last.cause ? ` · ${word(last.cause)}` : ''} · {last.by}, {moment(last.time)}
						</span>
					)}
				</>
			)}
		</div>
	);
}

function Note({ alert, changed, draft }: { alert: Alert; changed: () => void; draft: RefObject<string> }) {
	const [text, setText] = useState(alert.verdict?.note ?? ''),
		{ busy, act } = useAct();
	const kept = alert.verdict?.note ?? '';

	useEffect(() => setText(kept), [alert.seq, kept]);
	draft.current = text;
	const save = async (): Promise<void> => {
		if (!alert.verdict) return;
		const { verdict, cause } = alert.verdict;

		if (
			await act(
				() => post(`alerts/${alert.seq}/verdict`, { verdict, ...(cause ? { cause } : {}), note: text }),
				t('alert.noteSaved'),
			)
		)
			changed();
	};

	return (
		<section class="card">
			<h2>{t('alert.note')}</h2>
			<Field label={t('alert.noteHint')}>
				{(id) => <textarea id={id} value={text} maxLength={1300} onInput={(e) => setText(e.currentTarget.value)} />}
			</Field>
			{alert.verdict ? (
				<div class="dialog-actions">
					<Button onClick={() => void save()} busy={busy} disabled={text === kept}>
						{t('alert.saveNote')}
					</Button>
				</div>
			) : (
				<p class="dim">{t('alert.noteWithVerdict')}</p>
			)}
		</section>
	);
}

/* ---- what is done with it ---- */

function CaseDialog({ alert, close, changed }: { alert: Alert; close: () => void; changed: () => void }) {
	const load = useLoad<{ cases: Case[] }>('cases'),
		[chosen, setChosen] = useState(''),
		[title, setTitle] = useState(originText(alert)),
		{ busy, act } = useAct();
	const put = async (event: Event): Promise<void> => {
		event.preventDefault();
		const old = load.data?.cases.find((c) => c.id === chosen);
		const work = async (): Promise<unknown> => {
			if (!old) return post('cases', { title, alerts: [alert.seq] });
			const now = await get<Case>(`cases/${old.id}`); /* others may have added to it since */
			return call('PATCH', `cases/${old.id}`, { alerts: [...new Set([...now.alerts, alert.seq])] });
		};

		if (!(await act(work, t('alert.addedToCase')))) return;
		changed();
		close();
	};

	return (
		<Dialog title={t('alert.handOverToCase')} close={close}>
			<form onSubmit={(e) => void put(e)}>
				<Field label={t('common.case')}>
					{(id) => (
						<select id={id} value={chosen} onChange={(e) => setChosen(e.currentTarget.value)}>
							<option value="">{t('alert.newCase')}</option>
							{load.data?.cases.map((c) => (
								<option key={c.id} value={c.id}>
									{c.title}
								</option>
							))}
						</select>
					)}
				</Field>
				{!chosen && <TextField label={t('common.title')} value={title} set={setTitle} max={60} required />}
				<div class="dialog-actions">
					<Button onClick={close}>{t('common.cancel')}</Button>
					<Button kind="main" type="submit" busy={busy}>
						{t('alert.addToCase')}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

function Files({ alert }: { alert: Alert }) {
	return (
		<section class="card">
			<h2>{t('common.evidence')}</h2>
			{alert.evidence_error && (
				<p class="note bad">
					{t('alert.partlyWritten')}
					<ReasonText text={alert.evidence_error} reason={alert.evidence_problem} />
				</p>
			)}
			<ul class="files">
				{alert.files.map((f) => (
					<li key={f.name}>
						<a href={`/api/v1/evidence/${encodeURIComponent(f.name)}`} target="_blank" rel="noreferrer">
							{f.name.endsWith('.mp4')
								? t('alert.clip')
								: f.name.endsWith('-trajectory.jpg')
									? t('alert.stillWithPath')
									: t('alert.cleanStill')}
						</a>
						<span class="dim">{(f.bytes / 1024).toFixed(0)} KB</span>
						<code title={f.sha256}>{f.sha256.slice(0, 16)}…</code>
					</li>
				))}
			</ul>
			<p class="dim">{t('alert.exportHint')}</p>
		</section>
	);
}

export async function exportAlert(alert: Pick<Alert, 'seq'>): Promise<void> {
	await download(`alerts/${alert.seq}/export`, `alert-${alert.seq}.zip`);
	toast(t('alert.exported'));
}

/** hold: keep its evidence beyond its time, or let it go. */
export const setHold = (alert: Alert): Promise<unknown> => post(`alerts/${alert.seq}/hold`, { held: !alert.held });

interface DetailProps extends Omit<VerdictProps, 'alert'> {
	alert: Alert;
	controls: RefObject<Controls | null>;
	draft: RefObject<string>;
	changed: () => void;
	back?: (() => void) | undefined;
}

export function AlertDetail({ alert, controls, draft, changed, back, ...verdict }: DetailProps) {
	const { busy, act } = useAct(),
		[handing, setHanding] = useState(false);
	const hold = async (): Promise<void> => {
		if (await act(() => setHold(alert), alert.held ? t('alert.holdReleased') : t('alert.holdSet'))) changed();
	};

	return (
		<article class="alert-detail" aria-label={originText(alert)}>
			<header class="alert-head">
				{back && <Button kind="quiet" icon="back" label={t('alert.backToList')} onClick={back} />}
				<div class="alert-title">
					<h2>{originText(alert)}</h2>
					<p class="row tight dim">
						<GradeBadge alert={alert} />
						{moment(alert.time)} · {alert.camera}
						{alert.held && <Badge tone="info">{t('common.held')}</Badge>}
						{alert.case && <a href={`#/cases/${alert.case}`}>{t('alert.inCase')}</a>}
					</p>
				</div>
				<div class="row tight">
					<Button icon="hold" aria-pressed={alert.held} busy={busy} onClick={() => void hold()}>
						{alert.held ? t('common.held') : t('alert.hold')}
					</Button>
					<Button icon="folder" onClick={() => setHanding(true)}>
						{t('common.case')}
					</Button>
					<Button icon="download" busy={busy} onClick={() => void act(() => exportAlert(alert))}>
						{t('alert.export')}
					</Button>
				</div>
			</header>
			<Player alert={alert} controls={controls} />
			<VerdictBar alert={alert} {...verdict} />
			<div class="alert-more">
				<Reasons alert={alert} />
				<div class="stack">
					<Note alert={alert} changed={changed} draft={draft} />
					<Files alert={alert} />
				</div>
			</div>
			{handing && <CaseDialog alert={alert} close={() => setHanding(false)} changed={changed} />}
		</article>
	);
}

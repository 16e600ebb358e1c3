/*
 * The clip of a throw: play, slowly or frame by frame, jump to the throw, run it again and again, look closer. The
 * path that the gate saw is drawn over the picture, as far as the thing has come.
 */
import type { RefObject } from 'preact';
import { useEffect, useImperativeHandle, useRef, useState } from 'preact/hooks';
import type { Alert } from './api';
import { t } from './i18n';
import { Button } from './ui';

/** What the keyboard does with the player. */
export interface Controls {
	toggle: () => void;
	step: (frames: number) => void;
	toThrow: () => void;
	speed: () => void;
	again: () => void;
	zoom: () => void;
}

const SPEEDS = [1, 0.5, 0.25, 0.1] as const;
const LEAD_S = 0.6; /* seen before the throw begins, or nobody finds it */
const FRAME_S = 0.04;
const ZOOM = 2.6;

type Point = [ms: number, x: number, y: number];

/** Where the thing is at @p ms after its first sight: between two points in between. */
function at(path: Point[], ms: number): { x: number; y: number; passed: number } | undefined {
	const first = path[0],
		last = path[path.length - 1];

	if (!first || !last || ms < first[0]) return undefined;
	const after = path.findIndex((point) => point[0] > ms);
	if (after < 0) return { x: last[1], y: last[2], passed: path.length };
	const a = path[after - 1] ?? first,
		b = path[after] ?? last,
		share = (ms - a[0]) / Math.max(1, b[0] - a[0]);
	return { x: a[1] + (b[1] - a[1]) * share, y: a[2] + (b[2] - a[2]) * share, passed: after };
}

function Overlay({ alert, ms }: { alert: Alert; ms: number | undefined }) {
	const [width, height] = alert.picture ?? [16, 9],
		path = alert.path ?? [];
	const unit = height / 360,
		now = ms === undefined ? undefined : at(path, ms),
		first = path[0];
	const line = (points: Point[]): string => points.map(([, x, y]) => `${x},${y}`).join(' ');

	return (
		<svg class="overlay" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
			<polyline class="path-ahead" points={line(path)} stroke-width={1.2 * unit} />
			{now && (
				<polyline class="path-done" points={`${line(path.slice(0, now.passed))} ${now.x},${now.y}`} stroke-width={2 * unit} />
			)}
			{first && <circle class="path-origin" cx={first[1]} cy={first[2]} r={12 * unit} stroke-width={1.6 * unit} />}
			{now && now.passed < path.length && (
				<circle class="path-now" cx={now.x} cy={now.y} r={9 * unit} stroke-width={1.6 * unit} />
			)}
		</svg>
	);
}

/** When in the clip the throw is, with a lead before and after; offset: undefined where nobody knows. */
function throwIn(alert: Alert): { offset: number | undefined; fall: number; start: number; end: number } {
	const offset = alert.clip_offset_ms === undefined ? undefined : alert.clip_offset_ms / 1000,
		fall = (alert.fall_ms ?? 0) / 1000;

	return { offset, fall, start: Math.max(0, (offset ?? 0) - LEAD_S), end: (offset ?? 0) + fall + LEAD_S };
}

/** The time of the picture that is really shown; it also tells how long a frame is. */
function useShown(video: RefObject<HTMLVideoElement | null>, clip: string | undefined) {
	const frame = useRef(FRAME_S),
		[now, setNow] = useState(0);

	useEffect(() => {
		const element = video.current;
		let last = -1,
			handle = 0;
		const onFrame = (_: number, meta: { mediaTime: number }): void => {
			const gap = meta.mediaTime - last;

			if (last >= 0 && gap > 0.005 && gap < 0.21) frame.current = gap;
			last = meta.mediaTime;
			setNow(meta.mediaTime);
			handle = element?.requestVideoFrameCallback(onFrame) ?? 0;
		};

		if (!element) return undefined;
		if ('requestVideoFrameCallback' in element) handle = element.requestVideoFrameCallback(onFrame);
		return () => {
			if ('cancelVideoFrameCallback' in element) element.cancelVideoFrameCallback(handle);
		};
	}, [clip]);
	return { now, setNow, frame };
}

/** How a clip plays, and what the buttons and keys do to it. */
function usePlayback(alert: Alert, clip: string | undefined) {
	const video = useRef<HTMLVideoElement>(null),
		{ now, setNow, frame } = useShown(video, clip),
		{ offset, fall, start, end } = throwIn(alert);
	const [playing, setPlaying] = useState(false),
		[length, setLength] = useState(0),
		[trouble, setTrouble] = useState(false);
	const [speed, setSpeed] = useState(0),
		[looped, setLooped] = useState(false),
		[close, setClose] = useState(false);

	useEffect(() => {
		setTrouble(false);
		setNow(0);
		setLength(0);
	}, [clip]);
	useEffect(() => {
		if (video.current) video.current.playbackRate = SPEEDS[speed] ?? 1;
	}, [speed, length]);
	useEffect(() => {
		const element = video.current;

		if (element && looped && playing && offset !== undefined && now > Math.min(end, length - frame.current))
			element.currentTime = start;
	}, [now, looped, playing]);

	const seek = (to: number): void => {
		if (video.current) video.current.currentTime = Math.min(Math.max(0, to), length || to);
	};
	const play = (): void => void video.current?.play().catch(() => undefined); /* refused: the button still says so */
	const controls: Controls = {
		toggle: () => {
			if (video.current?.paused) play();
			else video.current?.pause();
		},
		step: (frames) => {
			video.current?.pause();
			seek((video.current?.currentTime ?? 0) + frames * frame.current);
		},
		toThrow: () => {
			seek(start);
			play();
		},
		speed: () => setSpeed((speed + 1) % SPEEDS.length),
		again: () => setLooped(!looped),
		zoom: () => setClose(!close),
	};
	const state = { now, length, playing, trouble, looped, close, offset, fall, rate: SPEEDS[speed] ?? 1 };

	return { video, ...state, setNow, setPlaying, setLength, setTrouble, seek, controls };
}
type Playback = ReturnType<typeof usePlayback>;

const evidence = (name: string): string => `/api/v1/evidence/${encodeURIComponent(name)}`;

/** Where to look closer: at the thing, or where it began. */
function zoomAt(alert: Alert, ms: number): { transform: string; transformOrigin: string } {
	const [width, height] = alert.picture ?? [16, 9],
		first = alert.path?.[0];
	const { x, y } = at(alert.path ?? [], ms) ?? { x: first?.[1] ?? 0, y: first?.[2] ?? 0 };

	return { transform: `scale(${ZOOM})`, transformOrigin: `${(100 * x) / width}% ${(100 * y) / height}%` };
}

function Screen({ alert, clip, playback, drawn }: { alert: Alert; clip: string; playback: Playback; drawn: boolean }) {
	const { now, offset, setNow } = playback;
	const [width, height] = alert.picture ?? [16, 9],
		still = alert.files.find((f) => f.name.endsWith('-trajectory.jpg'));
	const fallen = offset === undefined ? undefined : (now - offset) * 1000;

	return (
		<div class="screen" style={{ '--ratio': `${width / height}` }}>
			<div class="zoom" style={playback.close ? zoomAt(alert, fallen ?? Infinity) : {}}>
				<video
					ref={playback.video}
					key={clip}
					src={evidence(clip)}
					poster={still && evidence(still.name)}
					preload="metadata"
					muted
					playsInline
					aria-label={t('player.clip')}
					onClick={playback.controls.toggle}
					onPlay={() => playback.setPlaying(true)}
					onPause={() => playback.setPlaying(false)}
					onError={() => playback.setTrouble(true)}
					onTimeUpdate={(e) => setNow(e.currentTarget.currentTime)}
					onSeeked={(e) => setNow(e.currentTarget.currentTime)}
					onLoadedMetadata={(e) => {
						playback.setLength(e.currentTarget.duration);
						e.currentTarget.playbackRate = playback.rate;
					}}
				/>
				{drawn && (playback.playing || now > 0) && <Overlay alert={alert} ms={fallen} />}
			</div>
			{playback.trouble && (
				<p class="over-picture" role="alert">
					{t('player.notPlayable')}
				</p>
			)}
		</div>
	);
}

function Scrubber({ playback: { now, length, offset, fall, seek } }: { playback: Playback }) {
	return (
		<div class="scrubber">
			{offset !== undefined && length > 0 && (
				<svg class="throw-mark" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
					<rect x={(1000 * offset) / length} width={Math.max(6, (1000 * fall) / length)} height="6" rx="2" />
				</svg>
			)}
			<input
				type="range"
				min={0}
				max={length || 1}
				step={0.01}
				value={now}
				aria-label={t('player.position')}
				aria-valuetext={`${now.toFixed(1)} s`}
				onInput={(e) => seek(Number(e.currentTarget.value))}
			/>
		</div>
	);
}

function Buttons({ playback }: { playback: Playback }) {
	const { playing, looped, close, rate, offset, controls } = playback;

	return (
		<>
			<Button
				kind="main"
				icon={playing ? 'pause' : 'play'}
				label={playing ? t('player.pause') : t('player.play')}
				onClick={controls.toggle}
			/>
			<Button icon="back" label={t('player.frameBack')} onClick={() => controls.step(-1)} />
			<Button icon="next" label={t('player.frameOn')} onClick={() => controls.step(1)} />
			<Button icon="target" onClick={controls.toThrow} disabled={offset === undefined}>
				{t('player.toThrow')}
			</Button>
			<Button
				aria-pressed={rate < 1}
				onClick={controls.speed}
				aria-label={t('player.speed', { speed: rate })}
			>{`${rate}×`}</Button>
			<Button
				icon="repeat"
				aria-pressed={looped}
				label={t('player.repeat')}
				onClick={controls.again}
				disabled={offset === undefined}
			/>
			<Button icon="zoom" aria-pressed={close} label={t('player.closer')} onClick={controls.zoom} />
		</>
	);
}

export function Player({ alert, controls }: { alert: Alert; controls: RefObject<Controls | null> }) {
	const clip = alert.files.find((f) => f.name.endsWith('.mp4'))?.name,
		playback = usePlayback(alert, clip),
		[drawn, setDrawn] = useState(true);

	useImperativeHandle(controls, () => playback.controls);
	if (!clip) return <p class="note warn">{alert.evidence_error ? t('player.notWritten') : t('player.noClip')}</p>;
	return (
		<div class="player">
			<Screen alert={alert} clip={clip} playback={playback} drawn={drawn} />
			<Scrubber playback={playback} />
			<div class="row player-controls">
				<Buttons playback={playback} />
				<label class="check">
					<input type="checkbox" checked={drawn} onChange={(e) => setDrawn(e.currentTarget.checked)} />
					{t('player.path')}
				</label>
				<output class="dim clock">
					{playback.now.toFixed(2)} / {playback.length.toFixed(1)} s
				</output>
			</div>
		</div>
	);
}

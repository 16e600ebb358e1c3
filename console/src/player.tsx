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

export function Player({ alert, controls }: { alert: Alert; controls: RefObject<Controls | null> }) {
	const video = useRef<HTMLVideoElement>(null),
		frame = useRef(FRAME_S);
	const [playing, setPlaying] = useState(false),
		[now, setNow] = useState(0),
		[length, setLength] = useState(0);
	const [speed, setSpeed] = useState(0),
		[drawn, setDrawn] = useState(true),
		[looped, setLooped] = useState(false),
		[close, setClose] = useState(false);
	const [trouble, setTrouble] = useState(false);
	const clip = alert.files.find((f) => f.name.endsWith('.mp4')),
		still = alert.files.find((f) => f.name.endsWith('-trajectory.jpg'));
	const offset = alert.clip_offset_ms === undefined ? undefined : alert.clip_offset_ms / 1000,
		fall = (alert.fall_ms ?? 0) / 1000;
	const start = Math.max(0, (offset ?? 0) - LEAD_S),
		end = (offset ?? 0) + fall + LEAD_S;

	/* the time of the picture that is really shown; it also tells how long a frame is */
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
	}, [clip?.name]);
	useEffect(() => {
		setTrouble(false);
		setNow(0);
		setLength(0);
	}, [clip?.name]);
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
	const all: Controls = {
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

	useImperativeHandle(controls, () => all);
	const here = at(alert.path ?? [], offset === undefined ? Infinity : (now - offset) * 1000) ?? {
		x: alert.path?.[0]?.[1] ?? 0,
		y: alert.path?.[0]?.[2] ?? 0,
	};
	const [width, height] = alert.picture ?? [16, 9];
	const zoomed = close
		? { transform: `scale(${ZOOM})`, transformOrigin: `${(100 * here.x) / width}% ${(100 * here.y) / height}%` }
		: {};

	if (!clip) return <p class="note warn">{alert.evidence_error ? t('player.notWritten') : t('player.noClip')}</p>;
	return (
		<div class="player">
			<div class="screen" style={{ '--ratio': `${width / height}` }}>
				<div class="zoom" style={zoomed}>
					<video
						ref={video}
						key={clip.name}
						src={`/api/v1/evidence/${encodeURIComponent(clip.name)}`}
						poster={still && `/api/v1/evidence/${encodeURIComponent(still.name)}`}
						preload="metadata"
						muted
						playsInline
						aria-label={t('player.clip')}
						onClick={all.toggle}
						onPlay={() => setPlaying(true)}
						onPause={() => setPlaying(false)}
						onError={() => setTrouble(true)}
						onTimeUpdate={(e) => setNow(e.currentTarget.currentTime)}
						onSeeked={(e) => setNow(e.currentTarget.currentTime)}
						onLoadedMetadata={(e) => {
							setLength(e.currentTarget.duration);
							e.currentTarget.playbackRate = SPEEDS[speed] ?? 1;
						}}
					/>
					{drawn && (playing || now > 0) && (
						<Overlay alert={alert} ms={offset === undefined ? undefined : (now - offset) * 1000} />
					)}
				</div>
				{trouble && (
					<p class="over-picture" role="alert">
						{t('player.notPlayable')}
					</p>
				)}
			</div>
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
			<div class="row player-controls">
				<Button
					kind="main"
					icon={playing ? 'pause' : 'play'}
					label={playing ? t('player.pause') : t('player.play')}
					onClick={all.toggle}
				/>
				<Button icon="back" label={t('player.frameBack')} onClick={() => all.step(-1)} />
				<Button icon="next" label={t('player.frameOn')} onClick={() => all.step(1)} />
				<Button icon="target" onClick={all.toThrow} disabled={offset === undefined}>
					{t('player.toThrow')}
				</Button>
				<Button
					aria-pressed={speed > 0}
					onClick={all.speed}
					aria-label={t('player.speed', { speed: SPEEDS[speed] ?? 1 })}
				>{`${SPEEDS[speed] ?? 1}×`}</Button>
				<Button
					icon="repeat"
					aria-pressed={looped}
					label={t('player.repeat')}
					onClick={all.again}
					disabled={offset === undefined}
				/>
				<Button icon="zoom" aria-pressed={close} label={t('player.closer')} onClick={all.zoom} />
				<label class="check">
					<input type="checkbox" checked={drawn} onChange={(e) => setDrawn(e.currentTarget.checked)} />
					{t('player.path')}
				</label>
				<output class="dim clock">
					{now.toFixed(2)} / {length.toFixed(1)} s
				</output>
			</div>
		</div>
	);
}

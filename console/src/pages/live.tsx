/*
 * The cameras as they are now. A browser keeps six connections to one server and each picture takes one for as long
 * as it is shown, so at most three run at a time; the others wait for a press.
 */
import { useEffect, useState } from 'preact/hooks';
import { type AlertPage, type Camera, type Status } from '../api';
import { moment, plural, t, time, word, type Key } from '../i18n';
import { Icon } from '../icons';
import { useEvents } from '../live';
import { originText } from '../origin';
import { useDesk } from '../shell';
import { Badge, Button, Card, Empty, Loading, Page, PersonName, StateBadge, useLoad } from '../ui';
import { LivePicture } from '../video';
import type { EventRow } from '../api';

const AT_ONCE = 3,
	PATHS = 5,
	PROMPT_MS = 1000;

/** The last throws that a facade camera saw, over its picture. */
function ThrowPaths({ camera }: { camera: string }) {
	const load = useLoad<AlertPage>(`alerts?limit=${PATHS}&camera=${encodeURIComponent(camera)}`),
		seen = (load.data?.alerts ?? []).filter((a) => a.path?.length);
	const [width, height] = seen[0]?.picture ?? [16, 9];

	useEvents(['litter.'], load.reload);
	if (!seen.length) return <p class="over-picture">{t('live.noThrow')}</p>;
	return (
		<svg
			class="overlay tappable"
			viewBox={`0 0 ${width} ${height}`}
			role="img"
			aria-label={plural('live.lastThrows', seen.length)}
		>
			{seen.map((a, i) => {
				const first = a.path?.[0] ?? [0, 0, 0];

				return (
					<a key={a.seq} href={`#/alerts/${a.seq}`} aria-label={`${originText(a)}, ${moment(a.time)}`}>
						<polyline
							class="path-done"
							points={(a.path ?? []).map(([, x, y]) => `${x},${y}`).join(' ')}
							stroke-width={height / 180}
							opacity={1 - i * 0.15}
						/>
						<circle class="path-origin" cx={first[1]} cy={first[2]} r={height / 30} stroke-width={height / 200} />
						{i === 0 && (
							<text class="path-label" x={first[1] + height / 22} y={first[2]} font-size={height / 24}>
								{originText(a, true)} {time(a.time)}
							</text>
						)}
					</a>
				);
			})}
		</svg>
	);
}

/** The last decision at this face camera. */
function LastDecision({ camera }: { camera: string }) {
	const [last, setLast] = useState<EventRow | undefined>();

	useEvents(['access.granted', 'access.denied'], (event) => {
		if (event.data['camera'] === camera) setLast(event);
	});
	if (!last) return <p class="over-picture">{t('live.nobodyCame')}</p>;
	const reason = last.data['reason'];
	return (
		<p class="over-picture">
			<Icon name={last.type === 'access.granted' ? 'check' : 'close'} />
			<PersonName id={last.person} /> ·{' '}
			{last.type === 'access.denied' && typeof reason === 'string' ? word(reason) : word(last.type)} · {time(last.time)}
		</p>
	);
}

/* the gate's prompts, as said to the person at the door */
const PROMPTS: Record<string, Key> = {
	come_closer: 'live.prompt.comeCloser',
	look_here: 'live.prompt.lookHere',
	hold_still: 'live.prompt.holdStill',
	light: 'live.prompt.light',
	blink: 'live.prompt.blink',
	take_off_mask: 'live.prompt.takeOffMask',
	one_by_one: 'live.prompt.oneByOne',
	welcome: 'live.prompt.welcome',
	more: 'live.prompt.more',
	use_card: 'live.prompt.useCard',
};

/** What the person before this camera is being told, in words for a screen at the door as for the guard. */
function Told({ camera }: { camera: string }) {
	const load = useLoad<Status>('status'),
		prompt = PROMPTS[load.data?.cameras.find((c) => c.name === camera)?.prompt ?? ''];

	useEffect(() => {
		const timer = window.setInterval(() => {
			if (!document.hidden) load.reload();
		}, PROMPT_MS);

		return () => window.clearInterval(timer);
	}, []);
	return (
		<p class="over-picture told" role="status" hidden={!prompt}>
			{prompt && t(prompt)}
		</p>
	);
}

function CameraCard({
	camera,
	running,
	setRunning,
	overlaid,
}: {
	camera: Camera;
	running: boolean;
	setRunning: (on: boolean) => void;
	overlaid: boolean;
}) {
	/* a camera whose sight is not watched is known to be live, no more */
	const state = camera.state === 'live' ? (camera.sight?.cause ?? 'live') : camera.state,
		clear = state === 'clear' || state === 'live';

	return (
		<Card
			class="camera"
			title={camera.name}
			actions={
				<span class="row tight">
					<Badge>{camera.role === 'face' ? t('common.faces') : t('live.facade')}</Badge>
					<StateBadge state={state} />
					<Button
						kind="quiet"
						icon={running ? 'pause' : 'play'}
						label={running ? t('live.stop') : t('live.watch')}
						onClick={() => setRunning(!running)}
					/>
				</span>
			}
		>
			{!clear && (
				<p class="note warn">
					{camera.state === 'live' ? t('live.blind') : t('live.absent')}
					{word(state)}
				</p>
			)}
			<div class="camera-picture">
				{running ? (
					<LivePicture camera={camera.name} />
				) : (
					<button type="button" class="paused" onClick={() => setRunning(true)}>
						<Icon name="play" />
						<span>
							{t('live.watch')} {camera.name}
						</span>
					</button>
				)}
				{running && overlaid && camera.role === 'face' && <Told camera={camera.name} />}
				{running &&
					overlaid &&
					(camera.role === 'face' ? <LastDecision camera={camera.name} /> : <ThrowPaths camera={camera.name} />)}
			</div>
		</Card>
	);
}

export default function LivePage() {
	const { status } = useDesk(),
		[overlaid, setOverlaid] = useState(false),
		[chosen, setChosen] = useState<string[] | undefined>();
	const cameras = status?.cameras ?? [],
		running = chosen ?? cameras.slice(0, AT_ONCE).map((c) => c.name);
	/* the one that has run longest makes room */
	const set = (name: string, on: boolean): void =>
		setChosen(on ? [...running.filter((n) => n !== name), name].slice(-AT_ONCE) : running.filter((n) => n !== name));

	return (
		<Page
			wide
			title={t('nav.live')}
			actions={
				cameras.length > 0 && (
					<label class="check">
						<input type="checkbox" checked={overlaid} onChange={(e) => setOverlaid(e.currentTarget.checked)} />
						{t('live.overlay')}
					</label>
				)
			}
		>
			{!status ? (
				<Loading />
			) : cameras.length === 0 ? (
				<Card>
					<Empty icon="camera" title={t('live.noCamera')} />
				</Card>
			) : (
				<div class="cameras">
					{cameras.map((camera) => (
						<CameraCard
							key={camera.name}
							camera={camera}
							running={running.includes(camera.name)}
							setRunning={(on) => set(camera.name, on)}
							overlaid={overlaid}
						/>
					))}
				</div>
			)}
			{cameras.length > AT_ONCE && <p class="dim">{t('live.atOnce', { count: AT_ONCE })}</p>}
			<p class="dim">{t('live.watchingLogged')}</p>
		</Page>
	);
}

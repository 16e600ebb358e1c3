/* Live pictures. A browser keeps six connections to one server, so only a few may run at a time; see pages/live.tsx. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from './i18n';
import { playLive } from './live-video';

const NONE = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';
const AGAIN_MS = 3000,
	LOST_MAX = 3,
	STEADY_MS = 60000;

const Waiting = ({ again }: { again: boolean }) => (
	<p class="over-picture" role="status">
		<span class="spinner" />
		{again ? t('video.retrying') : t('video.connecting')}
	</p>
);
const nameOf = (camera: string): string => t('video.live', { camera });

/** JPEG after JPEG: what every browser shows, of every camera. */
function Pictures({ camera }: { camera: string }) {
	const image = useRef<HTMLImageElement>(null),
		[failed, setFailed] = useState(false),
		[turn, setTurn] = useState(0);

	useEffect(() => {
		const element = image.current;

		if (element) element.src = `/api/v1/cameras/${encodeURIComponent(camera)}/live.mjpeg?${turn}`;
		return () => {
			if (element) element.src = NONE;
		}; /* or the stream would go on without anybody looking */
	}, [camera, turn]);
	useEffect(() => {
		if (!failed) return undefined;
		const timer = window.setTimeout(() => {
			setFailed(false);
			setTurn(turn + 1);
		}, AGAIN_MS);

		return () => window.clearTimeout(timer);
	}, [failed]);
	return (
		<>
			<img ref={image} alt={nameOf(camera)} onError={() => setFailed(true)} onLoad={() => setFailed(false)} />
			{failed && <Waiting again />}
		</>
	);
}

/** The camera's own video; giveUp: pictures must do. */
function Video({ camera, giveUp }: { camera: string; giveUp: () => void }) {
	const video = useRef<HTMLVideoElement>(null),
		lost = useRef(0),
		since = useRef(0),
		[turn, setTurn] = useState(0),
		[playing, setPlaying] = useState(false);

	useEffect(() => {
		let timer = 0;
		const stop = playLive(video.current!, camera, (news) => {
			setPlaying(news === 'playing');
			if (news === 'playing') {
				since.current ||= Date.now();
				return;
			}
			if (since.current && Date.now() - since.current > STEADY_MS) lost.current = 0; /* a night's watch sees a loss or two */
			since.current = 0;
			if (news === 'cannot' || ++lost.current >= LOST_MAX) giveUp(); /* pictures come over a poor line, too */
			else timer = window.setTimeout(() => setTurn(turn + 1), AGAIN_MS);
		});

		return () => {
			window.clearTimeout(timer);
			stop();
		};
	}, [camera, turn]);
	return (
		<>
			<video ref={video} muted playsInline disablePictureInPicture aria-label={nameOf(camera)} />
			{!playing && <Waiting again={turn > 0 || lost.current > 0} />}
		</>
	);
}

const asPictures = new Set<string>(); /* cameras that do not play here as video */

/** A camera as it is now; its stream ends with the element. */
export function LivePicture({ camera }: { camera: string }) {
	const [seen, setSeen] = useState(document.visibilityState === 'visible'),
		[, setGivenUp] = useState(0);

	/* a tab in the background watches nobody, and leaves its connections to the one in front */
	useEffect(() => {
		const change = (): void => setSeen(document.visibilityState === 'visible');

		document.addEventListener('visibilitychange', change);
		return () => document.removeEventListener('visibilitychange', change);
	}, []);
	const giveUp = (): void => {
		asPictures.add(camera);
		setGivenUp((n) => n + 1);
	};

	return (
		<div class="live-picture">
			{seen &&
				(asPictures.has(camera) || !('MediaSource' in window) ? (
					<Pictures camera={camera} />
				) : (
					<Video key={camera} camera={camera} giveUp={giveUp} />
				))}
		</div>
	);
}

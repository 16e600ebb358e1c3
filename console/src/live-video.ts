/*
 * A camera's own pictures in a <video>: MP4 fragments from the gate are given to the browser's decoder as they come.
 * Nothing is held here: what the browser does not take waits in the connection, and the gate hangs up on who is too slow.
 */
import { ask, Problem } from './api';

const BEHIND_S = 2,
	EASY_S = 0.8,
	EDGE_S = 0.3,
	KEEP_S = 20,
	START_MS = 15000;

/** cannot: not as video, by this browser or of this camera, and never will; lost: the stream ended, another may be asked for. */
export type LiveNews = 'playing' | 'lost' | 'cannot';

const once = (target: EventTarget, event: string): Promise<void> =>
	new Promise((resolve, reject) => {
		target.addEventListener(event, () => resolve(), { once: true });
		target.addEventListener('error', () => reject(new Error('not decodable')), { once: true });
	});

/** Stays near the newest picture: a little faster when it falls behind, a leap when it is far. */
function follow(video: HTMLVideoElement): void {
	const last = video.buffered.length - 1;

	if (last < 0) return;
	const from = video.buffered.start(last),
		end = video.buffered.end(last),
		behind = end - video.currentTime;

	if (behind > BEHIND_S || video.currentTime < from) video.currentTime = Math.max(from, end - EDGE_S);
	video.playbackRate = behind > EASY_S ? 1.1 : 1;
	if (video.paused) video.play().catch(() => undefined); /* refused while nobody looks; tried again with the next */
}

async function feed(video: HTMLVideoElement, response: Response, type: string): Promise<void> {
	const source = new MediaSource(),
		reader = response.body!.getReader();

	video.src = URL.createObjectURL(source);
	await once(source, 'sourceopen');
	URL.revokeObjectURL(video.src);
	const buffer = source.addSourceBuffer(type);

	for (;;) {
		const { done, value } = await reader.read();

		if (done) return;
		buffer.appendBuffer(value);
		await once(buffer, 'updateend');
		follow(video);
		if (video.buffered.length && video.currentTime - video.buffered.start(0) > KEEP_S) {
			buffer.remove(0, video.currentTime - KEEP_S / 2);
			await once(buffer, 'updateend');
		}
	}
}

async function run(video: HTMLVideoElement, camera: string, signal: AbortSignal): Promise<LiveNews> {
	let response: Response;

	try {
		response = await ask('GET', `cameras/${encodeURIComponent(camera)}/live.mp4`, undefined, undefined, signal);
	} catch (error) {
		return error instanceof Problem && error.code.startsWith('no-video') ? 'cannot' : 'lost';
	}
	const type = response.headers.get('Content-Type') ?? '';

	if (!MediaSource.isTypeSupported(type)) return 'cannot';
	try {
		await feed(video, response, type);
	} catch {
		if (video.error) return 'cannot';
	}
	return 'lost';
}

/** Plays @p camera in @p video, muted, until the returned function is called or a last word (lost, cannot) was told. */
export function playLive(video: HTMLVideoElement, camera: string, told: (news: LiveNews) => void): () => void {
	const abort = new AbortController();
	const stop = (): void => {
		window.clearTimeout(timer);
		video.removeEventListener('playing', playing);
		abort.abort();
		video.removeAttribute('src');
		video.load();
	};
	const end = (news: LiveNews): void => {
		if (abort.signal.aborted) return;
		stop();
		told(news);
	};
	const playing = (): void => {
		window.clearTimeout(timer);
		told('playing');
	};
	const timer = window.setTimeout(() => end('cannot'), START_MS);

	video.addEventListener('playing', playing);
	void run(video, camera, abort.signal).then(end);
	return stop;
}

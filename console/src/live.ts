/* One stream of the gate's events for the whole page, with the state of the link. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, Problem, sessionOver, type EventRow, type Session } from './api';

/** connecting: not yet; live: news arrive as they happen; lost: trying again by itself. */
export type Link = 'connecting' | 'live' | 'lost';

const AGAIN_MS = 3000;
const hearers = new Set<(event: EventRow) => void>();
const watchers = new Set<(link: Link) => void>();
const regained = new Set<() => void>();
let source: EventSource | undefined;
let timer: number | undefined;
let link: Link = 'connecting';
let lastSeq = 0;

function setLink(next: Link): void {
	const back = link === 'lost' && next === 'live';

	link = next;
	watchers.forEach((tell) => tell(next));
	if (back) regained.forEach((tell) => tell());
}

function open(): void {
	source = new EventSource(`/api/v1/events/stream${lastSeq > 0 ? `?after=${lastSeq}` : ''}`);
	source.onopen = () => setLink('live');
	source.onmessage = (message) => {
		const event = JSON.parse(String(message.data)) as EventRow;

		lastSeq = event.seq;
		hearers.forEach((tell) => tell(event));
	};
	source.onerror = () => {
		setLink('lost');
		if (source?.readyState !== EventSource.CLOSED) return; /* it tries again by itself */
		/* refused: the session may be over, which this request would tell */
		timer = window.setTimeout(
			() =>
				void get<Session>('session').then(open, (error: unknown) => {
					if (error instanceof Problem && error.status === 401) sessionOver();
					else open();
				}),
			AGAIN_MS,
		);
	};
}

/** Begin when somebody has logged in. */
export function startLive(): () => void {
	link = 'connecting';
	lastSeq = 0;
	open();
	return () => {
		window.clearTimeout(timer);
		source?.close();
		source = undefined;
	};
}

/** Calls @p hear for each event whose type begins with one of @p types. */
export function useEvents(types: readonly string[], hear: (event: EventRow) => void): void {
	const latest = useRef(hear);

	latest.current = hear;
	useEffect(() => {
		const tell = (event: EventRow): void => {
			if (types.some((type) => event.type.startsWith(type))) latest.current(event);
		};

		hearers.add(tell);
		return () => void hearers.delete(tell);
	}, [types.join()]);
}

/** Calls @p again soon after such an event (many at once count as one), and when the link is back. */
export function useReloadOn(types: readonly string[], again: () => void): void {
	const due = useRef<number | undefined>(undefined);
	const latest = useRef(again);
	const soon = (): void => {
		if (due.current !== undefined) return;
		due.current = window.setTimeout(() => {
			due.current = undefined;
			latest.current();
		}, 150);
	};

	latest.current = again;
	useEvents(types, soon);
	useEffect(() => {
		regained.add(soon);
		return () => {
			regained.delete(soon);
			window.clearTimeout(due.current);
			due.current = undefined;
		};
	}, []);
}

export function useLink(): Link {
	const [now, set] = useState(link);

	useEffect(() => {
		set(link);
		watchers.add(set);
		return () => void watchers.delete(set);
	}, []);
	return now;
}

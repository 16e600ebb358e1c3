/* The gate's API as the page uses it; docs/reference/openapi.yaml is the contract. */
import { t, word } from './i18n';
import { learn, translated } from './said';

export type Role = 'guard' | 'manager' | 'admin';
export interface Session {
	user: string;
	role: Role;
	token: string;
}
export interface EventRow {
	seq: number;
	id: string;
	time: string;
	type: string;
	severity: 'info' | 'warning' | 'alarm';
	source?: string | null;
	person?: string | null;
	data: Record<string, unknown>;
	hash: string;
}
export interface Verdict {
	verdict: 'confirmed' | 'false' | 'unsure';
	cause?: string;
	note?: string;
	by: string;
	time: string;
}
export interface Alert {
	seq: number;
	time: string;
	grade: 'alert' | 'suspected';
	camera?: string;
	origin?: { text: string; floor_low?: number; floor_high?: number; column_low?: string; column_high?: string };
	reasons?: { name: string; value: number; weight: number }[];
	path?: [ms: number, x: number, y: number][];
	picture?: [number, number];
	first_sight?: string;
	clip_offset_ms?: number;
	score?: number;
	files: { name: string; sha256: string; bytes: number }[];
	fall_ms?: number;
	evidence_error?: string;
	verdict: Verdict | null;
	held: boolean;
	case: string | null;
}
export interface Door {
	name: string;
	mode: string;
	physical: string;
	lock: string;
	alarm: string;
	fault: string;
	tamper: string;
	has_contact: boolean;
}
export interface Camera {
	name: string;
	role: string;
	state: string;
	reason: string;
	prompt?: string;
	sight: { cause: string; watched_s: number; blind_s: number; seconds: Record<string, number> };
}
export interface Status {
	site: string;
	gate: string;
	version: string;
	uptime_s: number;
	doors: Door[];
	cameras: Camera[];
	storage: { state: string; reason: string; last_seq: number; pending: number; slow: boolean };
	mqtt: { state: string; reason?: string; acknowledged: number };
	people: number;
	fire: boolean;
}
export interface GuardRequest {
	id: string;
	door: string;
	rule: string;
	factor: string;
	person: string | null;
	picture: { camera: string; live: string } | null;
	left_ms: number;
}
export interface AlertPage {
	alerts: Alert[];
	next: number | null;
	new: number;
	held: number;
}
export interface Case {
	id: string;
	title: string;
	alerts: number[];
	people: string[];
	note: string;
	revision: number;
	changed: string;
	by: string;
}
/** A template made of a passage, after the enrolment. */
export interface Aged {
	time: string;
	camera: string;
	score: number;
}
export interface Person {
	id: string;
	name: string;
	enabled: boolean;
	faces: number;
	aged?: Aged[];
	valid_from: string | null;
	valid_to: string | null;
}

const ranks: Role[] = ['guard', 'manager', 'admin'];
export const may = (session: Session, least: Role): boolean => ranks.indexOf(session.role) >= ranks.indexOf(least);

/* A code of its own has words of its own; that of a whole kind says less than the sentence that came with it. */
const KINDS = [
	'bad-request',
	'no-session',
	'forbidden',
	'not-found',
	'no-such-method',
	'conflict',
	'changed',
	'too-large',
	'no-such-range',
	'unusable',
	'no-version',
	'too-often',
	'busy',
	'no-room',
	'failed',
];

function messageOf(code: string, detail: string): string {
	const kind = word(code),
		sentence = detail && translated(detail);

	if (code !== kind && (!KINDS.includes(code) || code === 'changed')) return kind;
	if (sentence) return sentence.charAt(0).toUpperCase() + sentence.slice(1);
	const message = code === kind ? t('api.failed') : kind;
	return detail ? t('api.withDetail', { message, detail }) : message;
}

/** message: for the user; detail: the gate's own sentence, for who looks into it. */
export class Problem extends Error {
	constructor(
		readonly status: number,
		readonly code: string,
		readonly detail: string,
	) {
		super(messageOf(code, detail));
	}
	get absent(): boolean {
		return this.status === 404 || this.status === 501;
	}
}

let token = '';
let ended: () => void = () => undefined;
export const onEnded = (then: () => void): void => {
	ended = then;
};
/** The session is over: the shell asks for a new log-in. */
export const sessionOver = (): void => ended();
export const setToken = (next: string): void => {
	token = next;
};

/** The answer itself, of a call that went well; else throws a Problem. */
export async function ask(method: string, path: string, body?: unknown, etag?: string, signal?: AbortSignal): Promise<Response> {
	const headers: Record<string, string> = method === 'GET' ? {} : { 'X-Gatehouse-Token': token };
	let response: Response;

	if (etag) headers['If-Match'] = etag;
	if (body instanceof Blob) headers['Content-Type'] = body.type || 'application/octet-stream';
	else if (body !== undefined) headers['Content-Type'] = 'application/json';
	try {
		response = await fetch(`/api/v1/${path}`, {
			method,
			headers,
			...(signal ? { signal } : {}),
			...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
		});
	} catch {
		throw new Problem(0, 'no-connection', '');
	}
	if (response.ok) return response;
	const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
	if (response.status === 401 && path !== 'session' && path !== 'session/password') ended();
	await learn();
	throw new Problem(response.status, problem.code ?? '', problem.detail ?? '');
}

/** One call; a body that is no Blob is JSON. With @p etag only if nobody else changed it since (else code "changed").
 * Throws a Problem, also when nobody answers. */
export async function call<T>(method: string, path: string, body?: unknown, etag?: string): Promise<T> {
	const response = await ask(method, path, body, etag);

	return (response.status === 204 ? undefined : await response.json()) as T;
}
/** With the version that a later change can name. */
export async function getTagged<T>(path: string): Promise<{ data: T; etag: string }> {
	const response = await ask('GET', path);

	return { data: (await response.json()) as T, etag: response.headers.get('ETag') ?? '' };
}
/** Saves what a GET answers as a file; for what is small enough to hold. */
export async function download(path: string, name: string): Promise<void> {
	const address = URL.createObjectURL(await (await ask('GET', path)).blob());
	const link = document.createElement('a');

	link.href = address;
	link.download = name;
	link.click();
	window.setTimeout(() => URL.revokeObjectURL(address), 60000);
}
export const get = <T>(path: string): Promise<T> => call<T>('GET', path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>('POST', path, body);

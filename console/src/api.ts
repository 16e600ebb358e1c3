/* The gate's API as the page uses it; docs/reference/openapi.yaml is the contract. */
import type { components, paths } from './api-types';
import { reasonText, t, word, type Reason } from './i18n';

/* The shapes of answers come from that document: npm run types. */
export type Schemas = components['schemas'];
/** What a call answers: Answer<'/board', 'get'>. */
export type Answer<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
	responses: { 200: { content: { 'application/json': infer Json } } };
}
	? Json
	: never;
export type Role = Schemas['Role'];
export type Session = Schemas['Session'];
export type EventRow = Schemas['Event'];
export type EventPage = Answer<'/events', 'get'>;
export type Verdict = NonNullable<Schemas['Verdict']>;
export type Alert = Schemas['Alert'];
export type AlertPage = Answer<'/alerts', 'get'>;
export type Door = Schemas['Door'];
export type Camera = Schemas['Camera'];
export type Status = Schemas['Status'];
export type GuardRequest = Schemas['GuardRequest'];
export type Case = Schemas['Case'];
export type Person = Schemas['PersonState'];
/** A template made of a passage, after the enrolment. */

const ranks: Role[] = ['guard', 'manager', 'admin'];
export const may = (session: Session, least: Role): boolean => ranks.indexOf(session.role) >= ranks.indexOf(least);

/* The gate's sentence in the user's language; in English where the page does not know the code. */
function messageOf(code: string, params: Reason['params'], detail: string): string {
	const text = reasonText({ code, params });

	if (text) return text.charAt(0).toUpperCase() + text.slice(1);
	return detail ? t('api.withDetail', { message: t('api.failed'), detail }) : code ? word(code) : t('api.failed');
}

/** message: for the user; detail: the gate's own sentence, for who looks into it. */
export class Problem extends Error {
	constructor(
		readonly status: number,
		readonly code: string,
		readonly params: Reason['params'] = {},
		readonly detail = '',
	) {
		super(messageOf(code, params, detail));
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
		throw new Problem(0, 'no-connection');
	}
	if (response.ok) return response;
	const problem = (await response.json().catch(() => ({}))) as Partial<Schemas['Problem']>;
	if (response.status === 401 && path !== 'session' && path !== 'session/password') ended();
	throw new Problem(response.status, problem.code ?? '', problem.params, problem.detail);
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

/* The gate under test, and a page that must stay without a complaint: no console error, no refused by its policy. */
import { test as base, expect, type Page } from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Gate { url: string; control: string; gatectl: string; password: string; log: string; photos: string[]; db: string; skip?: string }
interface Watch { page: Page; complaints: string[]; allow: (what: RegExp) => void }

function begin(faces: boolean): Promise<{ gate: Gate; child: ChildProcess }> {
	const child = spawn(process.env['GH_PYTHON'] ?? '/usr/bin/python3', ['-B', new URL('gate.py', import.meta.url).pathname, ...(faces ? ['--faces'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] });

	return new Promise((resolve, reject) => {
		createInterface({ input: child.stdout! }).once('line', (line) => resolve({ gate: JSON.parse(line) as Gate, child }));
		child.once('exit', (code) => reject(new Error(`the gate did not come up (${code})`)));
	});
}

/** gate: one for all tests of a file (faces: with a camera at the door). desk: a page whose complaints fail the test; allow() names those that belong to it. */
export const test = base.extend<{ desk: Watch; page: Page }, { gate: Gate; faces: boolean }>({
	faces: [false, { option: true, scope: 'worker' }],
	gate: [async ({ faces }, use) => {
		const { gate, child } = await begin(faces);

		await use(gate);
		const ended = child.exitCode !== null ? undefined : new Promise((done) => child.once('exit', done));
		child.stdin!.end();
		await ended;
	}, { scope: 'worker', timeout: 90_000 }],
	desk: [async ({ page }, use) => {
		const complaints: string[] = [], allowed: RegExp[] = [];

		page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.text()} (${message.location().url})`); });
		page.on('pageerror', (error) => complaints.push(String(error)));
		await page.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`refused by policy: ${e.violatedDirective} ${e.blockedURI}`)));
		await use({ page, complaints, allow: (what) => void allowed.push(what) });
		expect(complaints.filter((text) => !allowed.some((what) => what.test(text))), 'what the browser complained of').toEqual([]);
	}, { auto: true }],
});
export { expect };

export async function logIn(page: Page, gate: Gate, user: string, path = ''): Promise<void> {
	await page.goto(`${gate.url}/#/${path}`);
	await page.locator('input[autocomplete=username]').fill(user);
	await page.locator('input[type=password]').fill(gate.password);
	await page.locator('button[type=submit]').click();
	await expect(page.locator('nav.side')).toBeVisible();
}

/** throw: something falls from the 11th floor; swipe: a resident's card that a guard must let in. */
export async function control(gate: Gate, deed: 'throw' | 'swipe' | 'stop' | 'start'): Promise<void> {
	const answer = await fetch(`${gate.control}/${deed}`, { method: 'POST' });

	expect(answer.status).toBe(204);
}

/** The daemon's answer to a call of this page's user, past the page. */
export const callAs = (page: Page, method: string, path: string, body?: unknown): Promise<{ status: number; code?: string }> =>
	page.evaluate(async ([m, p, b]) => {
		const session = (await (await fetch('/api/v1/session')).json()) as { token: string };
		const answer = await fetch(`/api/v1/${p}`, { method: m as string, headers: { 'X-Gatehouse-Token': session.token, 'Content-Type': 'application/json' },
			...(b === undefined ? {} : { body: JSON.stringify(b) }) });
		const text = await answer.text();

		return { status: answer.status, ...(text.startsWith('{') ? (JSON.parse(text) as object) : {}) };
	}, [method, path, body] as const);

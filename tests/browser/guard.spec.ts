/* The guard's night: an alert comes while he looks, is played, judged and exported; somebody waits at a door. */
import { execFileSync } from 'node:child_process';
import { callAs, control, expect, logIn, test } from './gate';
import type { Page } from '@playwright/test';

interface Reviewed { data: { alert: number; verdict: string; cause?: string; by: string } }

const logOf = async (page: Page): Promise<Reviewed[]> => ((await callAs(page, 'GET', 'events?type=alert.reviewed&limit=1000')) as unknown as { events: Reviewed[] }).events;

test('a guard finds a new alert live, plays it, marks it false and exports it', async ({ desk, gate }, info) => {
	const { page } = desk;

	/* what is heard and shown outside the page is counted; a tab in front needs no notification, so it says that it is not */
	await page.addInitScript(() => {
		const told: string[] = [], begin = OscillatorNode.prototype.start;

		OscillatorNode.prototype.start = function (at?: number) { told.push('tone'); begin.call(this, at); };
		Object.assign(window, { told, Notification: class {
			static permission = 'default';
			static requestPermission(): Promise<string> { return Promise.resolve(this.permission = 'granted'); }
			constructor(title: string, options: { body: string }) { told.push(`${title}: ${options.body}`); }
			close(): void { /* nothing is shown */ }
		} });
	});
	const told = (): Promise<string[]> => page.evaluate(() => (window as unknown as { told: string[] }).told);
	await logIn(page, gate, 'gus', 'alerts');
	await expect(page.getByText('All reviewed')).toBeVisible();
	expect(await told()).toEqual([]);
	await page.getByRole('button', { name: 'Sound for new alerts' }).click();
	await page.getByRole('button', { name: 'Browser notifications' }).click();
	await expect(page.getByRole('button', { name: 'Notifications are on' })).toHaveAttribute('aria-pressed', 'true');
	expect(await told()).toEqual(['tone', 'tone']);
	await page.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }));
	await control(gate, 'throw');
	const card = page.locator('.alert-card');
	await expect(card).toHaveCount(1, { timeout: 30_000 });
	await expect.poll(told).toEqual(['tone', 'tone', 'tone', 'tone', expect.stringMatching(/^Thrown object: Floor 1[0-2].*C/)]);
	await page.evaluate(() => delete (document as { visibilityState?: unknown }).visibilityState);
	await expect(page.getByRole('heading', { name: /Floor 1[0-2].*, column C/ })).toBeVisible();
	await expect(page.locator('nav.side .count')).toHaveText('1');
	await expect(page.getByText('storeys fallen')).toBeVisible();

	/* the clip plays, jumps to the throw, goes frame by frame */
	const video = page.locator('video');
	await page.keyboard.press('t');
	await expect.poll(() => video.evaluate((v: HTMLVideoElement) => !v.paused && v.currentTime > 0)).toBe(true);
	await page.keyboard.press(' ');
	await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.paused)).toBe(true);
	const at = (): Promise<number> => video.evaluate((v: HTMLVideoElement) => v.currentTime), paused = await at();
	await page.keyboard.press(',');
	await expect.poll(at).toBeLessThan(paused);
	const back = await at();
	await page.keyboard.press('.');
	await expect.poll(at).toBeGreaterThan(back);
	await page.keyboard.press('s');
	await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.playbackRate)).toBe(0.5);
	await expect(page.locator('.overlay .path-ahead')).toBeAttached();

	/* hold, hand over, export: the zip is judged without the gate */
	await page.getByRole('button', { name: 'Hold', exact: true }).click();
	await expect(page.getByRole('button', { name: 'Held', exact: true })).toBeVisible();
	await page.getByRole('button', { name: 'Case', exact: true }).click();
	await page.getByLabel('Title').fill('Floor 11 <img src=x onerror=alert(1)>');
	await page.getByRole('button', { name: 'Put it in the case' }).click();
	await expect(page.getByRole('link', { name: 'In a case' })).toBeVisible();
	const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('e')]);
	const zip = info.outputPath('alert.zip');
	await file.saveAs(zip);
	const judged = JSON.parse(execFileSync(gate.gatectl, ['evidence', 'verify', '--json', zip], { encoding: 'utf8' })) as { ok: boolean; files: number };
	expect(judged).toMatchObject({ ok: true, files: 3 });

	/* the verdict, with a cause, and a note: written before it or after */
	await page.locator('textarea').fill('A pigeon');
	await page.getByRole('heading', { name: 'Note' }).click();
	await page.keyboard.press('2');
	await expect(page.getByText('What was it?')).toBeVisible();
	await page.keyboard.press('1');
	await expect(page.getByText('All reviewed')).toBeVisible();
	await expect(page.locator('.said')).toContainText('False · Bird · gus');
	await expect(page.locator('textarea')).toHaveValue('A pigeon');
	await page.locator('textarea').fill('A pigeon <b>with</b> a bottle');
	await page.getByRole('button', { name: 'Keep the note' }).click();
	await page.getByRole('button', { name: 'Reviewed' }).click();
	await expect(card).toContainText('False');
	await page.reload();
	await expect(page.locator('textarea')).toHaveValue('A pigeon <b>with</b> a bottle');
	await page.getByRole('link', { name: 'In a case' }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Floor 11 <img src=x onerror=alert(1)>' })).toBeVisible();
});

test('somebody who waits at a door is let in by the guard, and a door is opened once', async ({ desk, gate }) => {
	const { page } = desk;

	await logIn(page, gate, 'gus', 'cases');
	const door = page.locator('.door');
	await control(gate, 'swipe');
	await page.getByRole('alert').getByRole('link', { name: 'Answer' }).click();
	await expect(door).toContainText('Locked');
	const waiting = page.locator('.waiting');
	await expect(waiting).toContainText('王小明 <b>Wang</b>');
	await expect(page.getByRole('timer')).toContainText(/[1-9]/);
	await waiting.getByRole('button', { name: 'Let in' }).click();
	await expect(waiting).toHaveCount(0);
	await expect(door.locator('.passed')).toContainText('Entry granted');

	await expect(door).toContainText('Locked');
	await door.getByRole('button', { name: 'Open once' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Open the door' }).click();
	await expect(door).toContainText('Opened once');
	await door.getByRole('combobox').selectOption('Blocked');
	await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
	await expect(page.getByRole('dialog')).toHaveCount(0);
	await expect(door.locator('.door-head')).not.toContainText('Blocked');
});

test('the camera is seen live, and the stream ends with the page', async ({ desk, gate }) => {
	const { page } = desk;

	await logIn(page, gate, 'gus', 'live');
	/* the camera's own video goes on playing */
	const video = page.locator('.live-picture video'), at = (): Promise<number> => video.evaluate((v: HTMLVideoElement) => v.currentTime);
	await expect.poll(() => video.evaluate((v: HTMLVideoElement) => !v.paused && v.videoWidth)).toBe(640);
	const before = await at();
	await expect.poll(at).toBeGreaterThan(before + 0.5);
	await page.getByLabel('What the gate saw').check();
	await expect(page.locator('.overlay .path-done')).toHaveCount(1);
	await page.getByRole('link', { name: 'Doors' }).click();
	await expect(page.locator('.door')).toBeVisible();
	await expect(video).toHaveCount(0);

	/* a browser that cannot is shown pictures */
	await page.evaluate(() => { delete (window as { MediaSource?: unknown }).MediaSource; });
	await page.getByRole('link', { name: 'Live' }).click();
	await expect.poll(() => page.locator('.live-picture img').evaluate((i: HTMLImageElement) => i.naturalWidth)).toBe(640);
});

test('several alerts are judged at once, each with an entry of its own in the log', async ({ desk, gate }) => {
	const { page } = desk, card = page.locator('.alert-card');

	await logIn(page, gate, 'gus', 'alerts');
	await page.getByRole('button', { name: 'All', exact: true }).click();
	await expect(card.or(page.getByText('Nothing here')).first()).toBeVisible();
	for (let there = await card.count(); there < 2; there++) {
		await control(gate, 'throw');
		await expect(card).toHaveCount(there + 1);
	}
	const count = await card.count(), before = (await logOf(page)).length;
	await page.keyboard.press('x');
	await expect(page.getByText('1 selected', { exact: true })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByText('1 selected', { exact: true })).toHaveCount(0);
	await page.getByRole('checkbox', { name: /^Select: Floor/ }).first().check();
	await page.getByRole('button', { name: `All ${count}` }).click();
	await expect(page.locator('.verdict-bar')).toContainText(`${count} selected:`);
	await page.keyboard.press('2');
	await page.keyboard.press('5');
	await expect(page.getByText(`${count} alerts: False · Rain`)).toBeVisible();
	await expect(card.filter({ hasText: 'False' })).toHaveCount(count);
	await expect(page.locator('.alert-cards input:checked')).toHaveCount(0);
	const told = (await logOf(page)).slice(0, count);
	expect(await logOf(page)).toHaveLength(before + count);
	expect(new Set(told.map((event) => event.data.alert)).size).toBe(count);
	expect(told.every((event) => event.data.verdict === 'false' && event.data.cause === 'rain' && event.data.by === 'gus')).toBe(true);
});

test('a gate that goes away is told of, and what comes back is a new log-in', async ({ desk, gate }) => {
	const { page } = desk;

	desk.allow(/ERR_|Failed to load resource/); /* the gate is away: the browser says so, too */
	await logIn(page, gate, 'gus', 'doors');
	await expect(page.locator('.link.live').first()).toBeVisible();
	await control(gate, 'stop');
	await expect(page.locator('.banner.warn')).toContainText('No connection');
	await control(gate, 'start');
	await expect(page.getByText('Your session has ended.')).toBeVisible();
});

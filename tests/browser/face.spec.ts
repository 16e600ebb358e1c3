/* Somebody moves in: enrolled by photo at the page, he comes in by face at the door. */
import { readFileSync } from 'node:fs';
import { expect, logIn, test } from './gate';

test.use({ faces: true });

test('whom a manager enrolled by photo comes in by face', async ({ desk, gate }) => {
	test.skip(gate.skip !== undefined, gate.skip);
	const { page } = desk;

	desk.allow(/status of 422/);
	await logIn(page, gate, 'mia', 'people');
	await page.getByRole('button', { name: 'Add a person' }).click();
	await page.getByRole('dialog').getByLabel('Name').fill('王法兰 "Franck" <i>');
	await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
	await expect(page.getByRole('heading', { level: 1, name: '王法兰 "Franck" <i>' })).toBeVisible();
	await page.getByLabel('Version of the text').fill('2026-11');
	await page.getByRole('button', { name: 'Has agreed' }).click();
	await expect(page.getByText('noted by mia')).toBeVisible();
	/* what is no photo is refused in words, what is one is enrolled with its quality */
	await page.locator('input[type=file]').setInputFiles([{ name: 'no-photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('GIF89a') }, ...gate.photos]
		.map((one) => (typeof one === 'string' ? { name: one.split('/').pop()!, mimeType: 'image/jpeg', buffer: readFileSync(one) } : one)));
	await expect(page.locator('.tried .badge.good, .tried .badge.warn')).toHaveCount(gate.photos.length, { timeout: 60_000 });
	await expect(page.locator('.tried .badge.bad')).toHaveText('not taken');
	/* one of them can go, */
	await page.getByRole('button', { name: 'Remove face 1' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Remove this face' }).click();
	await expect(page.getByText(`${gate.photos.length - 1} enrolled`)).toBeVisible();
	await expect(page.locator('.enrolled-faces li')).toHaveCount(gate.photos.length - 1);
	/* all of them, without the person, and come again */
	await page.getByRole('button', { name: 'Remove the faces' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Remove the faces' }).click();
	await expect(page.getByText('none enrolled')).toBeVisible();
	await page.locator('input[type=file]').setInputFiles(gate.photos.map((one) => ({ name: one.split('/').pop()!, mimeType: 'image/jpeg', buffer: readFileSync(one) })));
	await expect(page.getByText(`${gate.photos.length} enrolled`)).toBeVisible({ timeout: 60_000 });

	/* by the rules of this gate a face alone opens nothing yet */
	await page.goto(`${gate.url}/#/rules`);
	await page.getByRole('button', { name: 'New rule' }).click();
	await page.getByRole('dialog').getByLabel('Short name').fill('faces');
	await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('table')).toContainText('faces');
	await page.goto(`${gate.url}/#/doors`);
	await expect(page.locator('.passed li', { hasText: 'Franck' }).filter({ hasText: 'Entry granted' }).first()).toBeVisible({ timeout: 60_000 });
});

test('alerts are shown of one of several facade cameras', async ({ desk, gate }) => {
	test.skip(gate.skip !== undefined, gate.skip);
	const { page } = desk;

	await logIn(page, gate, 'gus', 'alerts');
	const asked = page.waitForRequest((request) => request.url().includes('/api/v1/alerts?state=new') && request.url().endsWith('&camera=yard'));
	await page.getByLabel('Camera').selectOption('yard');
	expect((await (await asked).response())?.status()).toBe(200);
	await expect(page.getByText('All reviewed')).toBeVisible();
});

test('a camera of H.265 is seen: as it comes where this browser plays it, else as pictures', async ({ desk, gate }) => {
	test.skip(gate.skip !== undefined, gate.skip);
	const { page } = desk;

	await logIn(page, gate, 'gus', 'live');
	const type = await page.evaluate(async () => {
		const answer = await fetch('/api/v1/cameras/yard/live.mp4');

		await answer.body!.cancel();
		return answer.headers.get('Content-Type') ?? '';
	});
	expect(type).toMatch(/^video\/mp4; codecs="hvc1\.1\.6\.L/);
	const yard = page.locator('.camera').filter({ has: page.getByRole('heading', { name: 'yard' }) });
	if (await page.evaluate((of) => MediaSource.isTypeSupported(of), type))
		await expect.poll(() => yard.locator('video').evaluate((v: HTMLVideoElement) => !v.paused && v.videoWidth)).toBe(320);
	else
		await expect.poll(() => yard.locator('img').evaluate((i: HTMLImageElement) => i.naturalWidth)).toBe(320);
});

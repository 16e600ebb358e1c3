/* The manager's office: somebody is enrolled, a rule is drawn, the entry stands in the log, and nobody overwrites another. */
import { existsSync, readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { callAs, expect, logIn, test } from './gate';

const source = process.env['GH_SOURCE_DIR'] ?? new URL('../..', import.meta.url).pathname;
const photo = `${source}/models/demo/franck_01829.jpg`, model = `${source}/models/fr_feature.onnx`;
const CARD = '10429498';
const MARKUP = '<img src=x onerror="document.title=\'owned\'"> & "Co" </script>';

const each = (names: string[], n: number): Record<string, number> => Object.fromEntries(names.map((name, i) => [name, n * (i + 1)]));
const FULL_MONTH = {
	entries: each(['face', 'card', 'pin', 'qr', 'pass', 'remote', 'exit'], 12345),
	denials: each(['CredentialNotFound', 'CredentialNotEnabled', 'CredentialExpired', 'InvalidPIN', 'NotPermittedAtThisTime', 'Unauthorized', 'AntiPassback', 'Interlock', 'Liveness', 'Blocklisted'], 99),
	alerts: each(['alert', 'suspected'], 40), verdicts: each(['confirmed', 'false', 'unsure'], 9), review: { reviewed: 54, median_s: 83, p90_s: 4000 },
	blind_hours: each(Array.from({ length: 8 }, (_, i) => `camera-of-the-yard-${i + 1}`), 1.5), video_looks: each(['guard', 'manager', 'admin'], 77),
	faults: each(['camera.lost', 'door.fault', 'link.lost', 'storage.failed', 'storage.slow', 'storage.set_aside', 'reader.fault', 'evidence.space_low', 'model.failed', 'board.fault'], 3), erasures: { people: 31 },
};

const goTo = async (page: Page, to: string): Promise<void> => {
	await page.evaluate((hash) => { location.hash = `#/${hash}`; }, to);
	await expect(page.locator('.state.loading')).toHaveCount(0);
};

async function addPerson(page: Page, name: string): Promise<string> {
	await goTo(page, 'people');
	await page.getByRole('button', { name: 'Add a person' }).click();
	await page.getByRole('dialog').getByLabel('Name').fill(name);
	await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
	await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
	return page.url().split('/').pop() ?? '';
}

test('a manager enrols somebody, draws a rule, sees the entry, exports and checks the log', async ({ desk, gate }, info) => {
	const { page } = desk;

	test.setTimeout(90_000);
	await logIn(page, gate, 'mia', 'people');
	await addPerson(page, '欧阳娜娜');

	/* consent, then a face where there are models and a picture of somebody */
	await page.getByLabel('Version of the text').fill('2026-01');
	await page.getByRole('button', { name: 'Has agreed' }).click();
	await expect(page.locator('.entries')).toContainText('noted by mia');
	if (existsSync(photo) && existsSync(model)) {
		await page.getByLabel('Photos').setInputFiles([{ name: 'not-a-photo.txt', mimeType: 'text/plain', buffer: Buffer.from('x') },
			{ name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') }, { name: 'face.jpg', mimeType: 'image/jpeg', buffer: readFileSync(photo) }]);
		desk.allow(/status of (422|503)/);
		await expect(page.locator('.tried li').nth(0)).toContainText('Not a JPEG or PNG');
		await expect(page.locator('.tried li').nth(1)).toContainText('not taken');
		await expect(page.locator('.tried li').nth(2)).toContainText(/quality \d+ %/, { timeout: 30_000 });
		await expect(page.getByText('1 enrolled')).toBeVisible();
	} else info.annotations.push({ type: 'left out', description: `no face is enrolled: ${photo} or ${model} is not there` });
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	const add = page.getByRole('dialog');
	await add.getByLabel('Number of the card, decimal').fill('12x');
	await add.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(add.getByRole('alert')).toContainText('in digits');
	await add.getByLabel('Number of the card, decimal').fill(CARD);
	await add.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(page.getByRole('region', { name: 'Credentials' })).toContainText('card');

	/* a schedule drawn on the week: every day, all day */
	await goTo(page, 'rules/schedules');
	await page.getByRole('button', { name: 'New schedule' }).click();
	await page.getByLabel('Short name').fill('drawn');
	for (const bar of (await page.locator('.bar').all()).reverse()) { await bar.focus(); await bar.press('Delete'); }
	const track = page.locator('.track').first(), box = (await track.boundingBox())!;
	await page.mouse.move(box.x + 2, box.y + 12);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width / 2, box.y + 12, { steps: 4 });
	await page.mouse.up();
	await expect(page.getByRole('dialog').getByRole('status')).toHaveText('Mon 00:00-12:00');
	await page.locator('.bar').click();
	const times = page.getByRole('dialog').last();
	await times.getByLabel('To', { exact: true }).fill('24:00');
	for (const day of ['Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun', 'Holiday']) await times.getByLabel(day).check();
	await times.getByRole('button', { name: 'Take over' }).click();
	await expect(page.getByRole('dialog').getByRole('status')).toHaveText('every day 00:00-24:00');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('region', { name: 'Schedules' })).toContainText('every day 00:00-24:00');

	await goTo(page, 'rules');
	await page.getByRole('button', { name: 'New rule' }).click();
	await page.getByLabel('Short name').fill('card-with-guard');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('There is one of this name already.')).toBeVisible();
	await page.getByLabel('Short name').fill('by-card');
	await page.getByRole('dialog').getByLabel('When').selectOption('drawn');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('region', { name: 'Rules' })).toContainText('by-card');

	/* a week of holidays, and the Saturday before works as a Friday */
	await goTo(page, 'rules/holidays');
	for (const [name, date, to, as] of [['national-day', '2026-10-01', '2026-10-07', 'holiday'], ['swapped', '2026-09-26', '', 'fri']] as const) {
		await page.getByRole('button', { name: 'New holiday' }).click();
		const form = page.getByRole('dialog');
		await form.getByLabel('Short name').fill(name);
		await form.getByRole('button', { name: 'Save' }).click();
		await expect(form.getByRole('alert')).toContainText('A date is missing.');
		await form.getByLabel('Date').fill(date);
		await form.getByLabel('Until').fill(to);
		await form.getByLabel('What it is').selectOption(as);
		await form.getByRole('button', { name: 'Save' }).click();
		await expect(form).toHaveCount(0);
	}
	const holidays = page.getByRole('region', { name: 'Holidays' });
	await expect(holidays.locator('tbody tr').first()).toContainText('works as Fri');
	await expect(holidays).toContainText('2026-10-07');
	await page.getByRole('button', { name: 'Change national-day' }).click();
	await page.getByRole('dialog').getByLabel('Until').fill('2026-09-30');
	await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('dialog').getByRole('alert')).toContainText('The end lies before the beginning.');
	await page.getByRole('dialog').getByLabel('Until').fill('2026-10-08');
	await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await expect(holidays).toContainText('2026-10-08');
	await page.getByRole('button', { name: 'Remove swapped' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
	await expect(holidays.locator('tbody tr')).toHaveCount(1);

	/* would she get in? found by her initials */
	await goTo(page, 'rules/what-if');
	await page.getByRole('combobox', { name: 'Person' }).fill('oynn');
	await page.getByRole('option', { name: '欧阳娜娜' }).click();
	await page.getByLabel('face').uncheck();
	await page.getByLabel('card', { exact: true }).check();
	await page.getByRole('button', { name: 'Would it open?' }).click();
	await expect(page.getByText('Would get in')).toBeVisible();
	await expect(page.getByRole('region', { name: 'How each rule sees it' })).toContainText('it opens');

	/* the door stands unlocked by the schedule, and no longer when that is taken back */
	await goTo(page, 'rules/openings');
	const hours = page.getByLabel('When main stands unlocked');
	await hours.selectOption('drawn');
	await expect(page.getByLabel('with the first resident who comes in')).toBeVisible();
	await hours.selectOption('');
	await expect(page.getByLabel('with the first resident who comes in')).toBeHidden();

	/* she comes: her card at the simulated reader, and the log has it */
	await goTo(page, 'board');
	await page.getByLabel('Card number').fill(CARD);
	await page.getByRole('button', { name: 'Hold it before the reader' }).click();
	await expect(page.getByText('The card was read.')).toBeVisible();
	await goTo(page, 'log');
	await page.getByLabel('What', { exact: true }).selectOption('result=granted');
	const row = page.locator('tbody tr').first();
	await expect(row).toContainText('欧阳娜娜');
	await row.getByRole('button').click();
	await page.getByRole('button', { name: 'Why?' }).click();
	await expect(page.locator('.why')).toContainText('by-card');
	await page.keyboard.press('Escape');

	const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export CSV' }).click()]);
	const csv = readFileSync((await file.path())!, 'utf8');
	expect(csv).toContain('access.granted');
	expect(csv).not.toContain('access.denied');
	await page.getByRole('button', { name: 'Clear' }).click();
	await expect(page.locator('tbody')).toContainText('Log exported · by mia');
	await expect(page.locator('tbody')).toContainText('Opening hours');
	await page.getByRole('button', { name: 'Check the chain' }).click();
	await expect(page.getByText(/The chain is whole: [\d,]+ entries/)).toBeVisible();
});

test('two people who edit one person are told of each other', async ({ desk, gate }) => {
	const { page } = desk;

	desk.allow(/status of 412/);
	await logIn(page, gate, 'mia', 'people');
	const id = await addPerson(page, 'Zhou Min');

	await page.getByLabel('Name', { exact: true }).fill('Zhou Min, 3-1102');
	expect((await callAs(page, 'PUT', `people/${id}`, { name: 'Zhou Ming' })).status).toBe(200);
	await page.locator('form').filter({ hasText: 'May enter' }).getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('alert')).toContainText('Somebody else changed this');
	await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Zhou Min, 3-1102');
	await page.getByRole('button', { name: 'Show their version' }).click();
	await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Zhou Ming');
	await page.getByLabel('Name', { exact: true }).fill('Zhou Ming, 3-1102');
	await page.locator('form').filter({ hasText: 'May enter' }).getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Zhou Ming, 3-1102' })).toBeVisible();
});

test('markup in a name is a name; a file with mistakes changes nothing; an erasure has its certificate', async ({ desk, gate }) => {
	const { page } = desk;

	await logIn(page, gate, 'mia', 'people');
	await addPerson(page, MARKUP);
	await goTo(page, 'log');
	await expect(page.locator('tbody')).toContainText(MARKUP);
	await goTo(page, 'people');
	await page.getByLabel('Search').fill('wang xiaoming');
	await expect(page.locator('tbody tr')).toHaveCount(1);
	await expect(page.locator('tbody')).toContainText('王小明');

	await goTo(page, 'people/import');
	const file = (text: string) => ({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
	await page.getByLabel('CSV file').setInputFiles(file('name,valid_to\r\n李雷,2099-01-01\r\n,2099-01-01\r\n韩梅梅,soon\r\n'));
	const mistakes = page.getByRole('region', { name: 'Mistakes' }).locator('tbody tr');
	await expect(mistakes).toHaveCount(2);
	await expect(mistakes.nth(0)).toContainText('3');
	await expect(mistakes.nth(1)).toContainText('valid_to');
	await expect(page.getByRole('button', { name: /^Import/ })).toHaveCount(0);
	await page.getByLabel('CSV file').setInputFiles(file('name,valid_to\r\n李雷,2099-01-01\r\n韩梅梅,\r\n'));
	await page.getByRole('button', { name: 'Import 2 people' }).click();
	await expect(page.getByText('2 of 2 people added.')).toBeVisible();

	await goTo(page, 'people');
	await page.getByLabel('Search').fill('hmm');
	await page.getByRole('link', { name: '韩梅梅' }).click();
	await page.getByRole('button', { name: 'Erase this person' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
	await expect(page.getByRole('heading', { level: 1, name: 'Certificate of erasure' })).toBeVisible();
	await expect(page.getByRole('main')).not.toContainText('韩梅梅');
	await expect(page.locator('.definition')).toContainText(/[0-9a-f]{64}/);
	expect(await page.title()).not.toContain('owned');
});

test('a guard makes a visitor pass, the month is printed without anybody\'s name, a second factor is set', async ({ desk, gate, browser }) => {
	const { page } = desk;

	await logIn(page, gate, 'gus', 'passes');
	await page.getByRole('button', { name: 'New pass' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Make the pass' }).click();
	await expect(page.getByText('Who is it for?')).toBeVisible();
	await page.getByLabel('For whom').fill('Ms Li');
	await page.getByRole('dialog').getByLabel('main').check();
	await page.getByRole('dialog').getByRole('button', { name: 'Make the pass' }).click();
	await expect(page.getByRole('img', { name: 'QR code of the pass' })).toBeVisible();
	await expect(page.locator('.pass')).toContainText('main');
	await expect(page.getByRole('button', { name: 'Revoke' })).toHaveCount(0);

	const context = await browser.newContext({ locale: 'zh-CN' }), other = await context.newPage();
	await logIn(other, gate, 'ada', 'report');
	await expect(other.getByRole('article')).toContainText('门禁运行公示');
	await expect(other.getByRole('article')).not.toContainText(/王小明|[0-9A-HJKMNP-TV-Z]{26}/);
	/* the fullest month there can be is one sheet of A4, in either language */
	const month = (await (await other.request.get(`${gate.url}/api/v1/report?month=${new Date().toISOString().slice(0, 7)}`)).json()) as object;
	await other.route('**/api/v1/report?*', (route) => route.fulfill({ json: { ...month, ...FULL_MONTH } }));
	await other.reload();
	for (const language of ['English', '中文']) {
		await expect(other.getByRole('article')).toContainText('camera-of-the-yard-8');
		expect((await other.pdf({ preferCSSPageSize: true })).toString('latin1').match(/\/Type \/Page\b/g), language).toHaveLength(1);
		await other.getByRole('button', { name: language }).click();
	}
	await other.unroute('**/api/v1/report?*');
	await goTo(other, 'health');
	await expect(other.locator('.chart canvas')).toHaveCount(2);
	await goTo(other, 'users');
	await other.getByRole('button', { name: '设置 gus 的二次验证' }).click();
	await expect(other.getByRole('img', { name: '身份验证器密钥二维码' })).toBeVisible();
	await expect(other.locator('.secret')).toHaveText(/^[A-Z2-7 ]{20,}$/);

	/* the gate's own sentences, too */
	desk.allow(/status of 404/);
	await goTo(other, 'people/01ARZ3NDEKTSV4RRFFQ69G5FAV');
	await expect(other.getByRole('main')).toContainText('此编号下没有登记人员');
	await goTo(other, 'people/import');
	await other.getByLabel('CSV').setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('name,age\n李雷,7\n') });
	await expect(other.getByRole('main')).toContainText('未知的列“age”');
	await context.close();
});

/* Who may what: a guard is shown, and given, only what is a guard's. */
import { callAs, expect, logIn, test } from './gate';

test('a guard is refused what is not a guard\'s', async ({ desk, gate }) => {
	const { page } = desk;

	desk.allow(/status of 40[34]/);
	await logIn(page, gate, 'gus', 'users');
	await expect(page.getByText(/Your role may not see this page|This address leads nowhere/)).toBeVisible();
	await expect(page.locator('nav.side').getByRole('link', { name: 'Users' })).toHaveCount(0);
	await expect(page.locator('nav.side').getByRole('link', { name: 'People' })).toHaveCount(0);
	for (const [method, path] of [['GET', 'users'], ['GET', 'people'], ['GET', 'people/export'], ['GET', 'events/export?format=csv'], ['POST', 'audit/verify'], ['GET', 'report?month=2026-11']] as const)
		expect(await callAs(page, method, path, method === 'GET' ? undefined : {}), path).toMatchObject({ status: 403, code: 'role' });
	expect((await callAs(page, 'POST', 'users', { user: 'eve', role: 'admin', password: 'correct horse' })).status).toBe(403);
});

test('a wrong password is refused in the user\'s language, a guessed token too', async ({ desk, gate }) => {
	const { page } = desk;

	desk.allow(/status of 40[13]/);
	await page.goto(gate.url);
	await page.getByRole('button', { name: '中文' }).click();
	await expect(page.getByRole('button', { name: 'English' })).toBeVisible(); /* the form is drawn anew once the texts are there */
	await page.locator('input[autocomplete=username]').fill('gus');
	await page.locator('input[type=password]').fill('<script>alert(1)</script>');
	await page.locator('button[type=submit]').click();
	await expect(page.getByRole('alert')).toHaveText('用户名或密码错误。');
	await page.getByRole('button', { name: 'English' }).click();
	await expect(page.getByRole('button', { name: '中文' })).toBeVisible();
	await logIn(page, gate, 'gus', 'doors');
	const status = await page.evaluate(async () => (await fetch('/api/v1/doors/main/open', { method: 'POST', headers: { 'X-Gatehouse-Token': 'f'.repeat(64) } })).status);
	expect(status).toBe(403);
});

test('an admin adds a user, who logs in and changes his password', async ({ desk, gate, browser }) => {
	const { page } = desk;

	await logIn(page, gate, 'ada', 'users');
	test.skip(await page.getByText('This address leads nowhere').isVisible(), 'the page of users is not there');
	await page.getByRole('button', { name: /Add/ }).first().click();
	const form = page.locator('dialog form');
	await form.getByLabel('User', { exact: false }).first().fill('tom');
	for (const field of await form.locator('input[type=password]').all()) await field.fill('a long enough one');
	await form.locator('button[type=submit]').click();
	await expect(page.getByRole('main')).toContainText('tom');
	/* two admins at one user: the second is told, and sees what the first did */
	desk.allow(/status of 412/);
	expect((await callAs(page, 'PATCH', 'users/tom', { role: 'manager' })).status).toBe(200);
	const role = page.getByLabel('Role of tom');
	await role.selectOption('admin');
	await page.getByRole('dialog').getByRole('button', { name: 'Make admin' }).click();
	await expect(page.locator('.toasts')).toContainText('Somebody else changed this');
	await expect(role).toHaveValue('manager');
	const context = await browser.newContext({ locale: 'en-GB' }), other = await context.newPage();
	await logIn(other, { ...gate, password: 'a long enough one' }, 'tom', 'doors');
	await other.getByRole('button', { name: 'Password' }).click();
	await other.getByLabel('Old password').fill('a long enough one');
	await other.getByLabel('New password').fill('another long one');
	await other.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
	await expect(other.getByText('Your password is changed.')).toBeVisible();
	await context.close();
});

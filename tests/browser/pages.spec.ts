/* Each page, whoever wrote it: for a screen reader and for tired eyes, in both languages and both themes. */
import type { Page } from '@playwright/test';
import axe from 'axe-core';
import { callAs, control, expect, logIn, test } from './gate';

/** What stays as it is in Chinese: names of things and people, units, the page's own name. */
const SAME = /\b(Gatehouse|English|riverside|north|test-site|test-gate|main|facade|entrance|fire|guard|admin|MQTT|JSON|SHA-256|TOTP|Wang|card-with-guard|in-d[01]|main-(lock|contact|exit)|UTC|CSV|PIN|QR)\b/gi;

const goTo = async (page: Page, name: string): Promise<void> => {
	await page.evaluate((to) => { location.hash = `#/${to}`; }, name);
	await expect(page.locator('.shell h1')).toBeVisible();
	await expect(page.locator('.state.loading')).toHaveCount(0);
	await page.evaluate(() => document.fonts.ready);
};

/** Every text a person can see or hear, but what people have written and code. */
const wordsOf = (page: Page): Promise<string> => page.evaluate(() => {
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
		(node.parentElement?.closest('script, style, code, pre, kbd, textarea, [lang="en"], [translate="no"], [hidden]') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
	const found: string[] = [];

	while (walk.nextNode()) found.push(walk.currentNode.textContent ?? '');
	document.querySelectorAll('[aria-label], [title]:not(time, code), [placeholder], img[alt]').forEach((e) => {
		if (!e.closest('[lang="en"], [translate="no"]')) for (const name of ['aria-label', 'title', 'placeholder', 'alt']) found.push(e.getAttribute(name) ?? '');
	});
	return found.join('\n');
});

/* The browser has axe once, and is asked by word: a builder would bring it along with each question. */
async function check(page: Page, name: string, scheme: 'light' | 'dark', where: string): Promise<void> {
	/* the other theme changes nothing but colours */
	const serious = await page.evaluate(async ([context, only]) => {
		const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(context!, { resultTypes: ['violations'], ...(only ? { runOnly: [only] } : {}) });

		return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} ${n.failureSummary}`).join('; ')}`);
	}, [where, scheme === 'dark' ? 'color-contrast' : ''] as const);

	expect(serious, `${name}, ${scheme}`).toEqual([]);
}

async function checkBoth(page: Page, name: string, where: string): Promise<void> {
	for (const scheme of ['dark', 'light'] as const) {
		await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
		await check(page, name, scheme, where);
	}
}

async function checkPhone(page: Page, name: string): Promise<void> {
	const desk = page.viewportSize()!;

	await page.setViewportSize({ width: 360, height: 740 });
	await expect(page.locator('nav.bottom')).toBeVisible();
	expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${name} is wider than the phone`).toBeLessThanOrEqual(0);
	await page.setViewportSize(desk);
}

const pagesOf = (page: Page): Promise<string[]> =>
	page.locator('nav.side .links a').evaluateAll((links) => links.map((a) => (a.getAttribute('href') ?? '').slice(2)));

test('every page is accessible in both themes, and fits on a phone', async ({ desk, gate }) => {
	const { page } = desk;

	test.setTimeout(120_000); /* a dozen pages, each looked through */
	await page.goto(gate.url);
	await page.evaluate(axe.source);
	await expect(page.locator('form')).toBeVisible();
	await checkBoth(page, 'log-in', 'body');
	await logIn(page, gate, 'ada', 'alerts');
	await page.evaluate(axe.source);
	await control(gate, 'throw');
	await expect(page.locator('.alert-card')).toHaveCount(1, { timeout: 30_000 });
	/* markup and a long word wherever people write a name */
	const name = `<img src=x> ${'Ж'.repeat(20)}`, person = (await callAs(page, 'POST', 'people', { name }) as unknown as { id: string }).id;
	for (const [method, path, body] of [
		['POST', 'cases', { title: name, alerts: [], people: [person], note: name }], ['PUT', 'access/groups/g', { title: name }], ['PUT', 'access/holidays/h', { title: name, date: '2026-10-01' }],
		['PUT', 'access/schedules/s', { title: name, week: ['mon-fri 08:00-18:00'] }], ['PUT', 'access/rules/r', { title: name, open: ['card'], groups: ['g'], schedule: 's' }],
		['PUT', 'access/areas/a', { title: name, entries: ['main'] }], ['POST', 'access/passes', { title: name, doors: ['main'], valid_to: new Date(Date.now() + 3_600_000).toISOString().replace(/:\d\d\.\d+/, ':00') }],
	] as const) expect((await callAs(page, method, path, body)).status, path).toBeLessThan(300);
	const names = await pagesOf(page), within = ['people/groups', `people/${person}`, 'rules/schedules', 'rules/holidays', 'rules/areas'];
	expect(names.length).toBeGreaterThan(3);
	for (const name of [...names, ...within]) {
		await goTo(page, name);
		/* what stands around each page is looked at once, with the first of them */
		if (!within.includes(name)) await checkBoth(page, name, name === 'alerts' ? 'body' : '#main');
		await checkPhone(page, name);
		await expect(page.locator('img[src=x]'), name).toHaveCount(0);
		if (within.includes(name) || ['people', 'cases', 'passes', 'rules'].includes(name)) await expect(page.getByRole('main')).toContainText('<img src=x>');
	}
	await goTo(page, 'alerts');
	await page.keyboard.press('?');
	await checkBoth(page, 'keys', 'body');
});

test('every page is complete in Chinese, and fits on a phone', async ({ desk, gate }) => {
	const { page } = desk;

	await page.addInitScript(() => localStorage.setItem('gatehouse.lang', 'zh'));
	await logIn(page, gate, 'ada', 'alerts');
	for (const name of await pagesOf(page)) {
		await goTo(page, name);
		const left = (await wordsOf(page)).replace(/[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{8,}|[a-z]+[._-][a-z._-]+/g, '').replace(SAME, '').match(/[A-Za-z]{4,}/g) ?? [];

		expect([...new Set(left)], `not translated on ${name}`).toEqual([]);
		await checkPhone(page, name);
	}
});

/*
 * Finding somebody among many: 100,000 people at a real daemon, their page in Debian's Chromium. No test; one line of JSON.
 *
 *   cd tests/browser && GH_BUILD_DIR=../../build GH_SOURCE_DIR=../.. node bench_people.mjs [PEOPLE]
 */
import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const PEOPLE = Number(process.argv[2] ?? 100000), FILE = 10000;
const FAMILY = [...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈'];
const GIVEN = [...'伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红建文志国春梅海燕雪峰云龙凤山林子晨雨欣梓涵浩宇'];

const child = spawn(process.env.GH_PYTHON ?? '/usr/bin/python3', ['-B', new URL('gate.py', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'inherit'] });
const gate = JSON.parse(await new Promise((r) => createInterface({ input: child.stdout }).once('line', r)));
const browser = await chromium.launch({ executablePath: process.env.GH_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();

await page.goto(gate.url);
await page.locator('input[autocomplete=username]').fill('mia');
await page.locator('input[type=password]').fill(gate.password);
await page.locator('button[type=submit]').click();
await page.locator('nav.side').waitFor();
for (let from = 0; from < PEOPLE; from += FILE) {
	const names = Array.from({ length: Math.min(FILE, PEOPLE - from) }, (_, i) => {
		const n = from + i;

		return FAMILY[n % FAMILY.length] + GIVEN[(n * 7 + (n >> 5)) % GIVEN.length] + GIVEN[(n * 13 + (n >> 3)) % GIVEN.length];
	});
	const status = await page.evaluate(async (csv) => {
		const { token } = await (await fetch('/api/v1/session')).json();

		return (await fetch('/api/v1/people/import?dry_run=0', { method: 'POST', headers: { 'X-Gatehouse-Token': token, 'Content-Type': 'text/csv' }, body: csv })).status;
	}, `name\n${names.join('\n')}\n`);

	if (status !== 200) throw new Error(`import: ${status}`);
}
const rows = page.locator('tbody tr').first(), said = page.locator('[role=status]', { hasText: / of / });
const begin = Date.now();
await page.evaluate(() => { location.hash = '#/people'; });
await rows.waitFor({ timeout: 300_000 });
const shown_ms = Date.now() - begin;
/* from the key to the next picture, for each way to find somebody */
const search = async (query) => page.evaluate(async (text) => {
	const input = document.querySelector('input[type=search]'), begun = performance.now();

	Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, text);
	input.dispatchEvent(new Event('input', { bubbles: true }));
	await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
	return Math.round(performance.now() - begun);
}, query);
const queries = {};
for (const query of ['王', '王芳', 'zhangwei', 'zw', 'nobody of that name', '']) queries[query] = [await search(query), await said.innerText()];
const heap_mb = await page.evaluate(() => Math.round(performance.memory.usedJSHeapSize / 1e6));
console.log(JSON.stringify({ people: PEOPLE, shown_ms, search_ms_and_found: queries, heap_mb }));
await browser.close();
child.stdin.end();

/*
 * Lighthouse on the page of a whole gate (tests/browser/gate.py): for each page and form factor the three figures, and what
 * took points. Ends with 1 when one is under the bar of 95. Beside the tests, not among them: its performance figure is of
 * the machine as it is just then.
 *
 *   npm ci && node run.mjs [--runs N] [PAGE...]      pages: log-in alerts doors live people log health ...
 *
 * What is built in console/dist and build/ is measured; of several runs the median of each figure is shown.
 */
import lighthouse, { desktopConfig } from 'lighthouse';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import puppeteer from 'puppeteer-core';

const BAR = 95, CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const args = process.argv.slice(2), at = args.indexOf('--runs'), runs = at < 0 ? 1 : Number(args.splice(at, 2)[1]);
const pages = args.length ? args : ['log-in', 'alerts', 'people', 'log', 'health'];

const gateScript = new URL('../browser/gate.py', import.meta.url).pathname;
const child = spawn(process.env.GH_PYTHON ?? '/usr/bin/python3', ['-B', gateScript], { stdio: ['pipe', 'pipe', 'inherit'] });
const gate = await new Promise((resolve, reject) => {
	createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
	child.once('exit', (code) => reject(new Error(`the gate did not come up (${code})`)));
});
const browser = await puppeteer.launch({ executablePath: process.env.GH_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'], headless: true });

async function logIn() {
	const page = await browser.newPage();

	await page.goto(gate.url);
	await page.evaluate((password) => fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ user: 'ada', password }) }), gate.password);
	await page.close();
}

/** Figures of 0 to 100, and the audits that took points. */
async function measure(name, config) {
	const tab = await browser.newPage();
	const { lhr } = await lighthouse(`${gate.url}/#/${name === 'log-in' ? '' : name}`, { onlyCategories: CATEGORIES, disableStorageReset: true, logLevel: 'error' }, config, tab);
	const lost = CATEGORIES.flatMap((c) => lhr.categories[c].auditRefs.filter((r) => r.weight > 0 && (lhr.audits[r.id].score ?? 1) < 0.9).map((r) => r.id));

	await tab.close();
	return { figures: CATEGORIES.map((c) => Math.round(lhr.categories[c].score * 100)), lost };
}

const median = (list) => list.sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
let worst = 100, loggedIn = false;

console.log(`| page | form | ${CATEGORIES.join(' | ')} | what took points |\n|---|---|---|---|---|---|`);
for (const name of pages) {
	if (name !== 'log-in' && !loggedIn) {
		await logIn();
		loggedIn = true;
	}
	for (const [form, config] of [['desktop', desktopConfig], ['phone', undefined]]) {
		const all = [];

		for (let run = 0; run < runs; run++) all.push(await measure(name, config));
		const figures = CATEGORIES.map((_, i) => median(all.map((one) => one.figures[i])));

		worst = Math.min(worst, ...figures);
		console.log(`| ${name} | ${form} | ${figures.join(' | ')} | ${[...new Set(all.flatMap((one) => one.lost))].join(', ') || 'nothing'} |`);
	}
}
await browser.close();
child.stdin.end();
process.exitCode = worst >= BAR ? 0 : 1;

import { defineConfig } from '@playwright/test';

export default defineConfig({
	testDir: '.',
	workers: 1,
	retries: 0,
	timeout: 120_000, /* for a machine that does much else */
	expect: { timeout: 30_000 },
	reporter: 'list',
	outputDir: process.env['GH_BROWSER_OUT'] ?? 'results',
	use: {
		locale: 'en-GB',
		timezoneId: 'Asia/Shanghai',
		viewport: { width: 1366, height: 768 },
		screenshot: 'only-on-failure',
		launchOptions: { executablePath: process.env['GH_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
	},
});

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { count, language, locale, NAMED, plural, preferredLanguage, reasonText, setLanguage, t, word } from './i18n';
import { useLanguage } from './testing';

describe('in English', () => {
	beforeEach(() => useLanguage('en'));

	test('a text stands under its key', () => {
		expect(t('common.cancel')).toBe('Cancel');
	});

	test('parameters are put in at their names, a "$" in them as it is', () => {
		expect(t('doors.mode.confirm', { door: '$& {mode}', mode: 'Locked' })).toBe('Set "$& {mode}" to Locked?');
	});

	test('a parameter that nobody gave stays as its place', () => {
		expect(t('doors.mode.confirm', { door: 'main' })).toBe('Set "main" to {mode}?');
	});

	test.each([
		[0, '0 alerts'],
		[1, '1 alert'],
		[2, '2 alerts'],
		[1234, '1,234 alerts'],
	])('%i has its plural', (n, text) => {
		expect(plural('cases.alertCount', n)).toBe(text);
	});

	test('a plural takes further parameters', () => {
		expect(plural('import.addedOf', 3, { added: '2' })).toBe('2 of 3 people added.');
	});

	test('a word of the API has its name, another is itself, none a dash', () => {
		expect(word('DoorForcedOpen')).toBe('Forced open');
		expect(word('main-entrance')).toBe('main-entrance');
		expect(word('constructor')).toBe('constructor');
		expect(word(undefined)).toBe('–');
	});
});

describe('in Chinese', () => {
	beforeEach(() => useLanguage('zh'));

	test('texts, words and numbers are Chinese', () => {
		expect([t('common.cancel'), word('LockedDown'), locale(), count(1234)]).toEqual(['取消', '紧急封锁', 'zh-CN', '1,234']);
		expect(document.documentElement.lang).toBe('zh-CN');
	});

	test('one and many are said alike', () => {
		expect([plural('cases.alertCount', 1), plural('cases.alertCount', 2)]).toEqual(['1 条警报', '2 条警报']);
	});
});

describe('which language', () => {
	test.each([
		['zh-CN', 'zh'],
		['en-GB', 'en'],
		['fr', 'en'],
	] as const)('a browser that prefers %s gets %s', async (preferred, got) => {
		await useLanguage('en');
		vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
		vi.stubGlobal('navigator', { language: preferred });
		expect(preferredLanguage()).toBe(got);
	});

	test('what the user chose is remembered', async () => {
		await useLanguage('en');
		vi.stubGlobal('navigator', { language: 'en-GB' });
		await setLanguage('zh');
		expect([language(), preferredLanguage()]).toEqual(['zh', 'zh']);
	});
});

describe('a reason of the gate', () => {
	test('is a sentence with its parameters, in either language', async () => {
		const reason = { code: 'door-not-here', params: { door: 'main' } };

		await useLanguage('en');
		expect(reasonText(reason)).toBe('there is no door "main" at this gate');
		await useLanguage('zh');
		expect(reasonText(reason)).toBe('此闸机没有门“main”');
	});

	test('may name a member, a word of the API and a text of the system', async () => {
		await useLanguage('zh');
		expect(reasonText({ code: 'member-not-bool', params: { member: 'enabled' } })).toBe('启用：应为是或否');
		expect(reasonText({ code: 'batch-not-kept', params: { system: 'No space left on device' } })).toBe(
			'磁盘未能保存：磁盘空间不足',
		);
	});

	test('may hold another, whose parameters stand beside its own', async () => {
		await useLanguage('en');
		expect(
			reasonText({ code: 'access-denied', params: { reason: 'main', needed: 'needs-open-schedule', schedule: 'office' } }),
		).toBe('main: it needs to come while schedule office is open');
	});

	test('keeps what people wrote as it is', async () => {
		await useLanguage('zh');
		expect(reasonText({ code: 'door-not-here', params: { door: 'rule-opens' } })).toBe('此闸机没有门“rule-opens”');
	});

	test('of an unknown code has no sentence', async () => {
		await useLanguage('en');
		expect(reasonText({ code: 'constructor', params: {} })).toBeUndefined();
	});
});

test('the parameters that are translated are those that the table of problems says', async () => {
	const { default: table } = await import('../../base/problems.json');
	const types = Object.assign(
		{},
		...Object.values(table as Record<string, Record<string, { params?: Record<string, string> }>>)
			.flatMap((group) => Object.values(group))
			.map(({ params }) => params),
	) as Record<string, string>;

	expect(NAMED).toEqual(
		Object.fromEntries(Object.entries(types).filter(([, type]) => !['string', 'integer', 'number'].includes(type))),
	);
});

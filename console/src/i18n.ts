/*
 * Texts in two languages. Each stands under its key in locales/en.json and locales/zh.json; a key that en.json lacks does
 * not compile, and locales.test.ts holds the two files against each other and against their use. Only the language in
 * use is loaded.
 */
import type en from '../locales/en.json';

export type Lang = 'en' | 'zh';
type TextKey = keyof typeof en;
/** What stands under `KEY_one` and `KEY_other`. */
export type PluralKey = TextKey extends infer K ? (K extends `${infer P}_other` ? P : never) : never;
export type Key = Exclude<TextKey, `${string}_one` | `${string}_other`>;
type Params = Readonly<Record<string, string | number>>;
type Texts = Readonly<Partial<Record<string, string>>>;

const STORED = 'gatehouse.lang';
const files: Record<Lang, () => Promise<{ default: Texts }>> = {
	en: () => import('../locales/en.json'),
	zh: () => import('../locales/zh.json'),
};
let lang: Lang = 'en';
let texts: Texts = {};

export const language = (): Lang => lang;
export const locale = (): string => (lang === 'zh' ? 'zh-CN' : 'en-GB');

/** What the user chose last, or else what the browser prefers. */
export const preferredLanguage = (): Lang =>
	(localStorage.getItem(STORED) ?? navigator.language).startsWith('zh') ? 'zh' : 'en';

/** Load the texts of a language, then use it from now on. Rejects, and changes nothing, where they do not come. */
export async function setLanguage(next: Lang): Promise<void> {
	texts = (await files[next]()).default;
	lang = next;
	localStorage.setItem(STORED, next);
	document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
}

function text(key: string, params: Params | undefined): string {
	const found = texts[key] ?? key;

	return params ? found.replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place)) : found;
}

/** The text of a key, each {name} in it replaced by the parameter of that name. */
export const t = (key: Key, params?: Params): string => text(key, params);

/** The text for @p n of something; {count} in it is @p n as the language writes numbers. Chinese has KEY_other alone. */
export const plural = (key: PluralKey, n: number, params?: Params): string =>
	text(`${key}_${new Intl.PluralRules(lang).select(n)}`, { ...params, count: count(n) });

/** Of a problem or a reason of the API: its code and what its sentence names. */
export interface Reason {
	code: string;
	params: Params;
}

/* Which parameters of a reason are no texts of people, by their names; base/problems.json has their types. */
export const NAMED: Readonly<Record<string, 'member' | 'word' | 'system' | 'code'>> = {
	member: 'member',
	system: 'system',
	reason: 'word',
	kind: 'word',
	factor: 'word',
	event: 'word',
	piece: 'word',
	needed: 'code',
	cause: 'code',
	flaw: 'code',
	why: 'code',
	what: 'code',
};

function shown(name: string, params: Params): string | number | undefined {
	const value = params[name],
		kind = NAMED[name];

	if (typeof value !== 'string' || kind === undefined) return value;
	if (kind === 'code') return reasonText({ code: value, params }) ?? value;
	return texts[`${kind}.${value}`] ?? value;
}

/** The sentence of a reason; undefined where the page does not know its code. */
export function reasonText({ code, params }: Reason): string | undefined {
	return texts[`problem.${code}`]?.replace(/\{(\w+)\}/g, (place, name: string) => String(shown(name, params) ?? place));
}

/** What a member of an event's data is called. */
export const dataName = (name: string): string => texts[`data.${name}`] ?? name;

/** What a stable word of the API is called by people (`word.NAME`); the word itself where nobody named it. */
export const word = (name: string | null | undefined): string => (name == null ? '–' : (texts[`word.${name}`] ?? name));

export const time = (iso: string): string =>
	new Date(iso).toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const moment = (iso: string): string =>
	new Date(iso).toLocaleString(locale(), {
		month: 'short',
		day: 'numeric',
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit',
	});
export const count = (n: number): string => n.toLocaleString(locale());

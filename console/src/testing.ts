/* What unit tests need of a browser: a place to store the language, and a document to mark with it. */
import { vi } from 'vitest';
import { setLanguage, type Lang } from './i18n';

/** Texts in this language from here on. */
export async function useLanguage(lang: Lang): Promise<void> {
	const stored = new Map<string, string>();

	vi.stubGlobal('localStorage', {
		getItem: (key: string) => stored.get(key) ?? null,
		setItem: (key: string, value: string) => stored.set(key, value),
	});
	vi.stubGlobal('document', { documentElement: { lang: '' } });
	await setLanguage(lang);
}

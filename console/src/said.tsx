/* What the gate says in sentences of its own: English as it came, or Chinese out of a catalogue that is loaded when it is needed. */
import { useEffect, useState } from 'preact/hooks';
import { language, word } from './i18n';

let inChinese: typeof import('./said-zh').inChinese | undefined;

/** Before said() is needed; in English there is nothing to load. A catalogue that does not come leaves the English. */
export async function learn(): Promise<void> {
	if (language() === 'zh' && !inChinese) inChinese = await import('./said-zh').then((m) => m.inChinese, () => undefined);
}

/** The sentence in the user's language; undefined: only its English is known. */
export const translated = (sentence: string): string | undefined => (language() === 'zh' ? inChinese?.(sentence, word) : sentence);
export const said = (sentence: string): string => { const known = word(sentence); return known === sentence ? translated(sentence) ?? sentence : known; };

/** The same as an element. */
export function Said({ text }: { text: string }) {
	const [, setLearned] = useState(false), known = translated(text);

	useEffect(() => { if (known === undefined) void learn().then(() => setLearned(true)); }, []);
	return known === undefined ? <span lang="en">{text}</span> : <>{known}</>;
}

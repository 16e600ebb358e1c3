/* What the gate says in sentences of its own: English as it came, or Chinese out of a catalogue that is loaded when it is needed. */
import { useEffect, useState } from 'preact/hooks';
import { dataName, language, reasonText, word, type Reason } from './i18n';

let catalogue: typeof import('./said-zh') | undefined;

/** Before said() is needed; in English there is nothing to load. A catalogue that does not come leaves the English. */
export async function learn(): Promise<void> {
	if (language() === 'zh' && !catalogue) catalogue = await import('./said-zh').catch(() => undefined);
}

/** The sentence in the user's language; undefined: only its English is known. */
export const translated = (sentence: string): string | undefined =>
	language() === 'zh' ? catalogue?.inChinese(sentence, word) : sentence;
export const said = (sentence: string): string => {
	const known = word(sentence);
	return known === sentence ? (translated(sentence) ?? sentence) : known;
};

/** The same as an element; @p reason: its code, where the gate gives one. */
export function Said({ text, reason }: { text: string; reason?: Reason | null | undefined }) {
	useLearned();
	const known = (reason && reason.code !== 'text' && reasonText(reason)) || said(text);

	return known === text && language() === 'zh' ? <span lang="en">{text}</span> : <>{known}</>;
}

/** The name of a member of an event's data. */
export function DataName({ name }: { name: string }) {
	const known = dataName(name);

	return known === name ? <span lang="en">{name.replace(/_/g, ' ')}</span> : <>{known}</>;
}

/* draws again once the catalogue is there */
function useLearned(): void {
	const [, setLearned] = useState(false);

	useEffect(() => {
		if (language() === 'zh' && !catalogue) void learn().then(() => setLearned(true));
	}, []);
}

/* What the gate says, as elements: by its code in the user's language, or in English as it came. */
import { dataName, language, reasonText, word, type Reason } from './i18n';

/** @p reason: the code of @p text; an event from before there were codes has none. */
export function ReasonText({ text, reason }: { text: string; reason?: Reason | null | undefined }) {
	const known = (reason && reasonText(reason)) || word(text);

	return known === text && language() === 'zh' ? <span lang="en">{text}</span> : <>{known}</>;
}

/** The name of a member of an event's data. */
export function DataName({ name }: { name: string }) {
	const known = dataName(name);

	return known === name ? <span lang="en">{name.replace(/_/g, ' ')}</span> : <>{known}</>;
}

/* Choosing a person by typing: name, pinyin or initials. */
import type { ComponentChildren } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';
import type { Person } from '../api';
import { t } from '../i18n';
import { PersonName } from '../ui';
import { useAll } from './parts';
import { finder, orderOf, searchable } from './pinyin';

export interface Known extends Person {
	texts: string[];
}

/** Everybody by pinyin, ready to be searched: a hundred thousand, too. wanted: false as long as nobody searches. */
export function usePeople(wanted = true): { load: ReturnType<typeof useAll<Person>>; people: Known[] } {
	const load = useAll<Person>(wanted ? 'people' : null, 'people');
	const people = useMemo(
		() =>
			(load.data ?? [])
				.map((p) => {
					const texts = searchable(p.name);

					return { ...p, texts, order: orderOf(texts) };
				})
				.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)),
		[load.data],
	);

	return { load, people };
}

const SHOWN = 8;

function first(people: Known[], fits: (texts: string[]) => boolean, most: number): Known[] {
	const matches: Known[] = [];

	for (const person of people) {
		if (matches.length === most) break;
		if (fits(person.texts)) matches.push(person);
	}
	return matches;
}

/** The list that belongs to the input; children: what is said instead, where it is empty. */
function Matches({
	id,
	label,
	matches,
	at,
	hidden,
	choose,
	children,
}: {
	id: string;
	label: string;
	matches: Known[];
	at: number;
	hidden: boolean;
	choose: (person: Known) => void;
	children: ComponentChildren;
}) {
	return (
		<ul role="listbox" id={`${id}-list`} aria-label={label} hidden={hidden}>
			{matches.map((p, i) => (
				<li
					key={p.id}
					id={`${id}-${i}`}
					role="option"
					aria-selected={i === at}
					onMouseDown={(e) => {
						e.preventDefault();
						choose(p);
					}}
				>
					<span>{p.name}</span>
					{!p.enabled && <small> {t('picker.switchedOff')}</small>}
				</li>
			))}
			{children && (
				<li class="dim" role="option" aria-selected={false} aria-disabled="true">
					{children}
				</li>
			)}
		</ul>
	);
}

interface PickerProps {
	label: string;
	people: Known[];
	loading?: boolean;
	value: string;
	set: (id: string) => void;
	hint?: string;
	error?: string | undefined;
}

/** A combobox; @p value is an id or ''. */
export function PersonPicker({ label, people, loading, value, set, hint, error }: PickerProps) {
	const id = useId(),
		[query, setQuery] = useState(''),
		[open, setOpen] = useState(false),
		[at, setAt] = useState(0);
	const matches = useMemo(() => (open ? first(people, finder(query), SHOWN) : []), [open, query, people]);
	const choose = (person: Known | undefined): void => {
		set(person?.id ?? '');
		setQuery('');
		setOpen(false);
	};
	const key = (event: KeyboardEvent): void => {
		if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
			event.preventDefault();
			setOpen(true);
			setAt(Math.max(0, Math.min(matches.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1))));
		} else if (event.key === 'Enter' && open && matches[at]) {
			event.preventDefault();
			choose(matches[at]);
		} else if (event.key === 'Escape' && open) {
			event.stopPropagation();
			event.preventDefault();
			setOpen(false);
		}
	};

	return (
		<div class={error ? 'field picker wrong' : 'field picker'}>
			<label for={id}>{label}</label>
			{value ? (
				<div class="picked">
					<PersonName id={value} />
					<button type="button" class="textlink" onClick={() => set('')} aria-label={t('picker.chooseAnother', { name: label })}>
						{t('picker.change')}
					</button>
				</div>
			) : (
				<input
					id={id}
					role="combobox"
					aria-expanded={open}
					aria-controls={`${id}-list`}
					aria-autocomplete="list"
					autocomplete="off"
					value={query}
					maxLength={128}
					aria-activedescendant={open && matches[at] ? `${id}-${at}` : undefined}
					aria-describedby={`${id}-about`}
					aria-invalid={error ? 'true' : undefined}
					placeholder={t('common.searchName')}
					onInput={(e) => {
						setQuery(e.currentTarget.value);
						setAt(0);
						setOpen(true);
					}}
					onFocus={() => setOpen(true)}
					onBlur={() => setOpen(false)}
					onKeyDown={key}
				/>
			)}
			<Matches id={id} label={label} matches={matches} at={at} hidden={!open || value !== ''} choose={choose}>
				{open && matches.length === 0 && (loading ? t('common.loading') : t('picker.nobody'))}
			</Matches>
			<small id={`${id}-about`} role={error ? 'alert' : undefined}>
				{error ?? hint ?? ''}
			</small>
		</div>
	);
}

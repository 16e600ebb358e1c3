/* What the office's pages share. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, type Problem } from '../api';
import { locale, t } from '../i18n';
import { Button, Field, type Loaded } from '../ui';
import './office.css';

export const NAME = /^[a-z0-9-]{1,31}$/;
export const nameProblem = (name: string, taken: readonly string[] = []): string | undefined =>
	!NAME.test(name) ? t('parts.idWrong') : taken.includes(name) ? t('parts.idTaken') : undefined;

interface Paged<T> {
	items: T[];
	next: string | null;
}

/** All of a list that comes in pages (null: nothing yet); progress is how many are there so far. */
export function useAll<T extends { id: string }>(
	path: string | null,
	key: 'items' | 'people' = 'items',
): Loaded<T[]> & { sofar: number } {
	const [data, setData] = useState<T[] | undefined>(),
		[problem, setProblem] = useState<Problem | undefined>();
	const [sofar, setSofar] = useState(0),
		[turn, setTurn] = useState(0);
	const gone = useRef(0);

	useEffect(() => {
		const mine = ++gone.current;
		const fetchAll = async (): Promise<void> => {
			const all: T[] = [];
			let after: string | null = '';

			if (path === null) return;
			while (after !== null) {
				const page: Paged<T> & { people?: T[] } = await get(
					`${path}${path.includes('?') ? '&' : '?'}limit=1000${after ? `&after=${encodeURIComponent(after)}` : ''}`,
				);

				if (gone.current !== mine) return;
				all.push(...(key === 'people' ? (page.people ?? []) : page.items));
				setSofar(all.length);
				after = page.next;
			}
			setData(all);
			setProblem(undefined);
		};

		fetchAll().catch((error: unknown) => {
			if (gone.current === mine) setProblem(error as Problem);
		});
		return () => {
			gone.current++;
		};
	}, [path, turn]);
	return { data, etag: undefined, problem, sofar, reload: () => setTurn(turn + 1), set: setData };
}

/** Parts of one page as addresses of their own: `#/rules/holidays`. */
export const Tabs = ({
	page,
	here,
	of,
}: {
	page: string;
	here: string;
	of: readonly (readonly [key: string, text: string])[];
}) => (
	<nav class="tabs" aria-label={t('parts.tabs')}>
		{of.map(([key, text]) => (
			<a key={key} href={key ? `#/${page}/${key}` : `#/${page}`} aria-current={key === here ? 'page' : undefined}>
				{text}
			</a>
		))}
	</nav>
);

/** Somebody else was faster: said where the form is, with both ways out. */
export const Conflict = ({ reload, force }: { reload: () => void; force: () => void }) => (
	<div class="note warn conflict" role="alert">
		<strong>{t('parts.conflict')}</strong>
		<p>{t('parts.conflictText')}</p>
		<div class="row">
			<Button kind="main" onClick={reload}>
				{t('parts.conflictReload')}
			</Button>
			<Button kind="danger" onClick={force}>
				{t('parts.conflictForce')}
			</Button>
		</div>
	</div>
);

/** Some of a few; none chosen means what @p none says. */
export function Choices({
	label,
	none,
	of,
	value,
	set,
}: {
	label: string;
	none?: string;
	of: readonly (readonly [string, string])[];
	value: readonly string[];
	set: (value: string[]) => void;
}) {
	return (
		<fieldset class="choices">
			<legend>{label}</legend>
			<div class="row tight">
				{of.map(([key, text]) => (
					<label class="check" key={key}>
						<input
							type="checkbox"
							checked={value.includes(key)}
							onChange={(e) => set(e.currentTarget.checked ? [...value, key] : value.filter((v) => v !== key))}
						/>
						{text}
					</label>
				))}
				{of.length === 0 && <span class="dim">{t('parts.none')}</span>}
			</div>
			{none && value.length === 0 && <small class="dim">{none}</small>}
		</fieldset>
	);
}

/** One of several, with its label. */
export function Select({
	label,
	value,
	set,
	of,
	hint,
	disabled,
}: {
	label: string;
	value: string;
	set: (value: string) => void;
	of: readonly (readonly [string, string])[];
	hint?: string;
	disabled?: boolean;
}) {
	return (
		<Field label={label} hint={hint}>
			{(id, about) => (
				<select id={id} aria-describedby={about} value={value} disabled={disabled} onChange={(e) => set(e.currentTarget.value)}>
					{of.map(([key, text]) => (
						<option key={key} value={key}>
							{text}
						</option>
					))}
				</select>
			)}
		</Field>
	);
}

export const Check = ({
	label,
	value,
	set,
	disabled,
}: {
	label: ComponentChildren;
	value: boolean;
	set: (value: boolean) => void;
	disabled?: boolean;
}) => (
	<label class="check">
		<input type="checkbox" checked={value} disabled={disabled} onChange={(e) => set(e.currentTarget.checked)} />
		<span>{label}</span>
	</label>
);

/* ---- times ---- */

const two = (n: number): string => String(n).padStart(2, '0');

/** An API time as the value of a datetime-local input: this machine's local time. */
export function toLocal(iso: string | null | undefined): string {
	if (!iso) return '';
	const d = new Date(iso);

	return Number.isNaN(d.getTime())
		? ''
		: `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}
/** And back; null for nothing. */
export function fromLocal(text: string): string | null {
	const d = new Date(text);

	return text === '' || Number.isNaN(d.getTime()) ? null : `${d.toISOString().slice(0, 19)}Z`;
}
/** Files are dropped here or chosen; children get what opens the browser's choice. */
export function DropZone({
	label,
	accept,
	multiple = false,
	take,
	children,
}: {
	label: string;
	accept: string;
	multiple?: boolean;
	take: (files: File[]) => void;
	children: (choose: () => void) => ComponentChildren;
}) {
	const input = useRef<HTMLInputElement>(null),
		[over, setOver] = useState(false);
	const given = (files: FileList | null | undefined): void => {
		if (files && files.length > 0) take([...files]);
	};

	return (
		<div
			class={over ? 'drop over' : 'drop'}
			onDragOver={(e) => {
				e.preventDefault();
				setOver(true);
			}}
			onDragLeave={() => setOver(false)}
			onDrop={(e) => {
				e.preventDefault();
				setOver(false);
				given(e.dataTransfer?.files);
			}}
		>
			{children(() => input.current?.click())}
			<input
				ref={input}
				type="file"
				accept={accept}
				multiple={multiple}
				hidden
				aria-label={label}
				onChange={(e) => {
					given(e.currentTarget.files);
					e.currentTarget.value = ''; /* or the same file could not be chosen again */
				}}
			/>
		</div>
	);
}

/** undefined, or what is wrong with a span of time. */
export const spanProblem = (from: string, to: string): string | undefined =>
	from && to && from >= to ? t('parts.spanWrong') : undefined;

export const day = (iso: string): string =>
	new Date(iso).toLocaleString(locale(), { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });

export function size(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let unit = 0,
		n = bytes;

	while (n >= 1000 && unit < units.length - 1) {
		n /= 1000;
		unit++;
	}
	return `${n.toLocaleString(locale(), { maximumFractionDigits: n < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}

export function lasting(seconds: number): string {
	const d = Math.floor(seconds / 86400),
		h = Math.floor(seconds / 3600) % 24,
		m = Math.floor(seconds / 60) % 60;

	if (d > 0) return t('parts.daysHours', { days: d, hours: h });
	if (h > 0) return t('parts.hoursMinutes', { hours: h, minutes: m });
	return m > 0
		? t('parts.minutesSeconds', { minutes: m, seconds: Math.floor(seconds) % 60 })
		: t('parts.seconds', { seconds: Math.floor(seconds) });
}

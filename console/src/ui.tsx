/* What pages are made of. Each part's comment is its contract; looks are in style.css. */
import type { ButtonHTMLAttributes, ComponentChildren, LooseInputHTMLAttributes } from 'preact';
import { useCallback, useEffect, useId, useRef, useState } from 'preact/hooks';
import { get, getTagged, Problem } from './api';
import { moment, t, word } from './i18n';
import { Icon, type IconName } from './icons';

/* ---- loading ---- */

/** etag: the version of data, to name in a change. data stays while it is loaded again; problem: why the last try failed; reload: ask again. */
export interface Loaded<T> {
	etag: string | undefined;
	data: T | undefined;
	problem: Problem | undefined;
	reload: () => void;
	set: (data: T) => void;
}

const RETRY_MS = 2000;

/** GET of an API path (null: nothing yet). A gate that is busy or away is asked again by itself. */
export function useLoad<T>(path: string | null): Loaded<T> {
	const [state, setState] = useState<{ path: string | null; data?: T; etag?: string; problem?: Problem }>({ path });
	const [turn, setTurn] = useState(0);
	const reload = useCallback(() => setTurn((n) => n + 1), []);

	useEffect(() => {
		let gone = false,
			timer = 0;

		if (path === null) return undefined;
		getTagged<T>(path).then(
			(answer) => {
				if (!gone) setState({ path, ...answer });
			},
			(error: unknown) => {
				const problem = asProblem(error);

				if (gone) return;
				setState((old) => ({
					path,
					problem,
					...(old.path === path && old.data !== undefined ? { data: old.data, etag: old.etag ?? '' } : {}),
				}));
				if (problem.status === 0 || problem.status === 503) timer = window.setTimeout(reload, RETRY_MS);
			},
		);
		return () => {
			gone = true;
			window.clearTimeout(timer);
		};
	}, [path, turn]);
	const mine = state.path === path;
	return {
		data: mine ? state.data : undefined,
		etag: mine ? state.etag : undefined,
		problem: mine ? state.problem : undefined,
		reload,
		set: (data) => setState({ path, data }),
	};
}

export const asProblem = (error: unknown): Problem =>
	error instanceof Problem ? error : new Problem(-1, 'text', {}, error instanceof Error ? error.message : '');

/** One action at a time, for a button: busy while it runs; a failure becomes a toast. @p done after success. */
export function useAct(): { busy: boolean; act: (work: () => Promise<unknown>, done?: string) => Promise<boolean> } {
	const [busy, setBusy] = useState(false);
	const act = async (work: () => Promise<unknown>, done?: string): Promise<boolean> => {
		setBusy(true);
		try {
			await work();
			if (done) toast(done);
			return true;
		} catch (error) {
			toast(asProblem(error).message, 'bad');
			return false;
		} finally {
			setBusy(false);
		}
	};

	return { busy, act };
}

/* ---- states ---- */

/** Shown after a moment, so that a quick answer does not flicker. */
export const Loading = () => (
	<div class="state loading" role="status">
		<span class="spinner" />
		{t('common.loading')}
	</div>
);

/** Nothing there, and what that means. */
export const Empty = ({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) => (
	<div class="state empty">
		<Icon name={icon} />
		<strong>{title}</strong>
		{children && <p>{children}</p>}
	</div>
);

/** Why there is nothing to see, with a way to try again. */
export const Failed = ({ problem, retry }: { problem: Problem; retry?: () => void }) => (
	<div class="state failed" role="alert">
		<Icon name="close" />
		<strong>{problem.message}</strong>
		{retry && <Button onClick={retry}>{t('ui.retry')}</Button>}
	</div>
);

/** Loading, failed or the thing itself. While old data is there, a failure is a line above it. */
export function Await<T>({ load, children }: { load: Loaded<T>; children: (data: T) => ComponentChildren }) {
	if (load.data === undefined) return load.problem ? <Failed problem={load.problem} retry={load.reload} /> : <Loading />;
	return (
		<>
			{load.problem && (
				<p class="stale" role="status">
					{load.problem.message} {t('ui.stale')}
				</p>
			)}
			{children(load.data)}
		</>
	);
}

/* ---- parts ---- */

/** A page: its title is the one h1 and takes the focus when the page opens; actions stand beside it. raw: people wrote
 * the title. What people wrote is marked translate="no" everywhere: nobody, a test included, takes it for the page's own words. */
export function Page({
	title,
	raw,
	actions,
	children,
	wide,
}: {
	title: string;
	raw?: boolean;
	actions?: ComponentChildren;
	children: ComponentChildren;
	wide?: boolean;
}) {
	const head = useRef<HTMLHeadingElement>(null);

	useEffect(() => {
		document.title = `${title} · Gatehouse`;
		head.current?.focus({ preventScroll: true });
	}, [title]);
	return (
		<main class={wide ? 'page wide' : 'page'} id="main">
			<header class="page-head">
				<h1 ref={head} tabIndex={-1} translate={raw ? false : undefined}>
					{title}
				</h1>
				{actions && <div class="actions">{actions}</div>}
			</header>
			{children}
		</main>
	);
}

/** A surface with a title of level 2 (or none). */
export const Card = ({
	title,
	actions,
	children,
	class: cls,
}: {
	title?: ComponentChildren;
	actions?: ComponentChildren;
	children: ComponentChildren;
	class?: string;
}) => (
	<section class={cls ? `card ${cls}` : 'card'}>
		{(title ?? actions) !== undefined && (
			<header class="card-head">
				{title !== undefined && <h2>{title}</h2>}
				{actions}
			</header>
		)}
		{children}
	</section>
);

type ButtonProps = Omit<ButtonHTMLAttributes, 'icon'> & {
	kind?: 'plain' | 'main' | 'danger' | 'quiet';
	icon?: IconName;
	busy?: boolean | undefined;
	type?: 'button' | 'submit';
	disabled?: boolean | undefined;
	/** for a button that shows an icon alone */
	label?: string;
};
/** busy: it shows so and cannot be pressed again. */
export const Button = ({ kind = 'plain', icon, busy, label, children, type = 'button', disabled, ...rest }: ButtonProps) => (
	<button
		type={type}
		class={`button ${kind}${children ? '' : ' bare'}`}
		aria-label={label}
		title={label}
		disabled={disabled || busy}
		aria-busy={busy ? 'true' : undefined}
		{...rest}
	>
		{busy ? <span class="spinner" /> : icon && <Icon name={icon} />}
		{children && <span>{children}</span>}
	</button>
);

export type Tone = 'good' | 'warn' | 'bad' | 'calm' | 'info';
/** A word with a colour; the word alone says it all. */
export const Badge = ({ tone = 'calm', children }: { tone?: Tone; children: ComponentChildren }) => (
	<span class={`badge ${tone}`}>{children}</span>
);

/** A labelled control: give it the input as a function of the id that ties label, hint and error to it. */
export function Field({
	label,
	hint,
	error,
	children,
}: {
	label: string;
	hint?: string | undefined;
	error?: string | undefined;
	children: (id: string, described: string | undefined) => ComponentChildren;
}) {
	const id = useId(),
		about = hint || error ? `${id}-about` : undefined;

	return (
		<div class={error ? 'field wrong' : 'field'}>
			<label for={id}>{label}</label>
			{children(id, about)}
			{about && (
				<small id={about} role={error ? 'alert' : undefined}>
					{error ?? hint}
				</small>
			)}
		</div>
	);
}

/** A one-line text. @p max characters at most: what the API takes. */
export function TextField({
	label,
	hint,
	error,
	value,
	set,
	max = 128,
	...rest
}: { label: string; hint?: string; error?: string | undefined; value: string; set: (value: string) => void; max?: number } & Pick<
	LooseInputHTMLAttributes<HTMLInputElement>,
	| 'autocomplete'
	| 'autocapitalize'
	| 'autofocus'
	| 'disabled'
	| 'inputMode'
	| 'min'
	| 'minLength'
	| 'pattern'
	| 'placeholder'
	| 'required'
	| 'spellcheck'
> & { type?: 'text' | 'password' | 'search' | 'date' | 'datetime-local' | 'month' | 'number' | 'time' }) {
	return (
		<Field label={label} hint={hint} error={error}>
			{(id, about) => (
				<input
					id={id}
					aria-describedby={about}
					aria-invalid={error ? 'true' : undefined}
					value={value}
					maxLength={max}
					onInput={(e) => set(e.currentTarget.value)}
					{...(rest as object)}
				/>
			)}
		</Field>
	);
}

/** One of a few, as a row of buttons. */
export function Segments<T extends string>({
	label,
	value,
	set,
	of,
}: {
	label: string;
	value: T;
	set: (value: T) => void;
	of: readonly (readonly [T, string, number?])[];
}) {
	return (
		<div class="segments" role="group" aria-label={label}>
			{of.map(([key, text, count]) => (
				<button type="button" key={key} aria-pressed={key === value} onClick={() => set(key)}>
					{text}
					{count !== undefined && <span class="count">{count}</span>}
				</button>
			))}
		</div>
	);
}

/** Moments as people say them, the exact one in the tooltip. */
export const When = ({ iso }: { iso: string }) => (
	<time dateTime={iso} title={iso}>
		{moment(iso)}
	</time>
);

/** A table that scrolls sideways in its own box; head: the columns. Give it <tr>s. */
export const Table = ({ label, head, children }: { label: string; head: ComponentChildren[]; children: ComponentChildren }) => (
	<div class="table-box" role="region" aria-label={label} tabIndex={0}>
		<table>
			<thead>
				<tr>
					{head.map((h, i) => (
						<th key={i} scope="col">
							{h}
						</th>
					))}
				</tr>
			</thead>
			<tbody>{children}</tbody>
		</table>
	</div>
);

/* ---- dialogs ---- */

/** A modal window; Escape and the cross close it. Rendered only while it is open. */
export function Dialog({
	title,
	close,
	children,
	wide,
}: {
	title: string;
	close: () => void;
	children: ComponentChildren;
	wide?: boolean;
}) {
	const box = useRef<HTMLDialogElement>(null),
		id = useId();

	useEffect(() => {
		const dialog = box.current;

		dialog?.showModal();
		return () => dialog?.close();
	}, []);
	return (
		<dialog
			ref={box}
			class={wide ? 'wide' : ''}
			aria-labelledby={id}
			onCancel={(e) => {
				e.preventDefault();
				close();
			}}
			onClick={(e) => {
				if (e.target === box.current) close();
			}}
		>
			<div class="dialog-body">
				<header>
					<h2 id={id}>{title}</h2>
					<Button kind="quiet" icon="close" label={t('common.close')} onClick={close} />
				</header>
				{children}
			</div>
		</dialog>
	);
}

interface Question {
	title: string;
	text?: string;
	yes: string;
	danger?: boolean;
	answer: (yes: boolean) => void;
}
interface Toast {
	id: number;
	text: string;
	tone: 'good' | 'bad';
}
let showQuestion: (question: Question | undefined) => void = () => undefined;
let showToast: (toast: Toast) => void = () => undefined;
let toasts = 0;

/** Asks before something that matters. @p yes names what will be done, never just "OK". */
export const ask = (question: Omit<Question, 'answer'>): Promise<boolean> =>
	new Promise((answer) => showQuestion({ ...question, answer }));

/** A short message that goes away by itself; bad ones stay longer. */
export function toast(text: string, tone: 'good' | 'bad' = 'good'): void {
	showToast({ id: ++toasts, text, tone });
}

/** Where questions and toasts appear; once, in the shell. */
export function Messages() {
	const [question, setQuestion] = useState<Question | undefined>();
	const [list, setList] = useState<Toast[]>([]);
	const answer = (yes: boolean): void => {
		question?.answer(yes);
		setQuestion(undefined);
	};

	useEffect(() => {
		showQuestion = setQuestion;
		showToast = (next) => {
			setList((old) => [...old.slice(-3), next]);
			window.setTimeout(() => setList((old) => old.filter((o) => o !== next)), next.tone === 'bad' ? 8000 : 4000);
		};
	}, []);
	return (
		<>
			{question && (
				<Dialog title={question.title} close={() => answer(false)}>
					{question.text && <p>{question.text}</p>}
					<div class="dialog-actions">
						<Button onClick={() => answer(false)}>{t('common.cancel')}</Button>
						<Button kind={question.danger ? 'danger' : 'main'} onClick={() => answer(true)}>
							{question.yes}
						</Button>
					</div>
				</Dialog>
			)}
			<div class="toasts" role="status" aria-live="polite">
				{list.map((one) => (
					<div key={one.id} class={`toast ${one.tone}`}>
						<Icon name={one.tone === 'bad' ? 'close' : 'check'} />
						{one.text}
					</div>
				))}
			</div>
		</>
	);
}

/* ---- people ---- */

const names = new Map<string, Promise<string>>();

function nameOf(id: string): Promise<string> {
	let known = names.get(id);

	if (!known) {
		known = get<{ name: string }>(`people/${encodeURIComponent(id)}`).then(
			(p) => p.name,
			(error: unknown) => {
				if (asProblem(error).status !== 404) names.delete(id);
				return t('ui.erased');
			},
		);
		names.set(id, known);
	}
	return known;
}

/** A person's name by id; the log itself holds none. */
export function PersonName({ id }: { id: string | null | undefined }) {
	const [name, setName] = useState('…');

	useEffect(() => {
		let gone = false;

		if (id)
			void nameOf(id).then((known) => {
				if (!gone) setName(known);
			});
		return () => {
			gone = true;
		};
	}, [id]);
	return (
		<span class="person" translate={id ? false : undefined}>
			{id ? name : t('ui.unknownPerson')}
		</span>
	);
}

/** A door mode, lock state or the like with the colour it deserves. */
export function StateBadge({ state }: { state: string }) {
	const good = ['Locked', 'Closed', 'Normal', 'live', 'clear', 'ok', 'connected', 'NotInFault', 'NotInTamper'];
	const warn = ['Unlocked', 'Accessed', 'Open', 'LockedOpen', 'Blocked', 'connecting', 'opening', 'LockedDown'];

	return <Badge tone={good.includes(state) ? 'good' : warn.includes(state) ? 'warn' : 'bad'}>{word(state)}</Badge>;
}

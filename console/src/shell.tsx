/* What stands around every page: navigation, the state of the link, language and theme, the way out. */
import { createContext, type ComponentChildren } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { get, may, post, call, type AlertPage, type GuardRequest, type Session, type Status } from './api';
import { language, setLanguage, t, word } from './i18n';
import { Icon } from './icons';
import { useEvents, useLink, useReloadOn } from './live';
import { tellOfAlert, tellOfGuest } from './notify';
import { originText } from './origin';
import { routes, type Route } from './routes';
import { Button, Dialog, TextField, toast, useAct, useLoad } from './ui';

/* ---- language and theme ---- */

export type Theme = 'auto' | 'light' | 'dark';
const THEME = 'gatehouse.theme';
const stored = localStorage.getItem(THEME);
let theme: Theme = stored === 'light' || stored === 'dark' ? stored : 'auto';

function setTheme(next: Theme): void {
	theme = next;
	localStorage.setItem(THEME, next);
	document.documentElement.dataset['theme'] = next;
}
setTheme(theme);

/** Draws the whole page anew: every text is looked up while drawing. */
export const Redraw = createContext<() => void>(() => undefined);

export function Preferences() {
	const redraw = useContext(Redraw);
	const dark = theme === 'dark' || (theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);

	return (
		<div class="preferences">
			<button
				type="button"
				class="button quiet"
				lang={language() === 'zh' ? 'en' : 'zh-CN'}
				onClick={() =>
					void setLanguage(language() === 'zh' ? 'en' : 'zh').then(redraw, () => toast(word('no-connection'), 'bad'))
				}
			>
				<Icon name="language" />
				<span>{t('shell.otherLanguage')}</span>
			</button>
			<button
				type="button"
				class="button quiet"
				onClick={() => {
					setTheme(dark ? 'light' : 'dark');
					redraw();
				}}
			>
				<Icon name={dark ? 'sun' : 'moon'} />
				<span>{dark ? t('shell.light') : t('shell.dark')}</span>
			</button>
		</div>
	);
}

/* ---- what the shell knows for all pages ---- */

interface Desk {
	status: Status | undefined;
	fresh: number;
	requests: GuardRequest[];
}
const DeskContext = createContext<Desk>({ status: undefined, fresh: 0, requests: [] });

/** The gate's status (kept fresh), how many alerts nobody has judged, and who waits at a door for a guard. */
export const useDesk = (): Desk => useContext(DeskContext);

export function DeskKnowledge({ children }: { children: ComponentChildren }) {
	const status = useLoad<Status>('status'),
		alerts = useLoad<AlertPage>('alerts?state=new&limit=1');
	const requests = useLoad<{ requests: GuardRequest[] }>('access/requests');

	useReloadOn(['door.', 'camera.', 'storage.', 'fire.', 'system.'], status.reload);
	useReloadOn(['litter.', 'alert.reviewed'], alerts.reload);
	useReloadOn(['access.'], requests.reload);
	useEvents(['access.guard_asked'], () => tellOfGuest());
	useEvents(['litter.detected'], (event) => tellOfAlert(originText(event.data), event.seq));
	useEffect(() => {
		const timer = window.setInterval(status.reload, 30000); /* what no event tells: the broker, blind seconds */

		return () => window.clearInterval(timer);
	}, []);
	return (
		<DeskContext.Provider value={{ status: status.data, fresh: alerts.data?.new ?? 0, requests: requests.data?.requests ?? [] }}>
			{children}
		</DeskContext.Provider>
	);
}

/* ---- navigation ---- */

const badgeOf = (route: Route, desk: Desk): number =>
	route.name === 'alerts' ? desk.fresh : route.name === 'doors' ? desk.requests.length : 0;

function NavLink({ route, here }: { route: Route; here: string }) {
	const count = badgeOf(route, useDesk());

	return (
		<a
			href={`#/${route.name}`}
			aria-current={route.name === here ? 'page' : undefined}
			class={count && route.name === 'doors' ? 'urgent' : ''}
		>
			<Icon name={route.icon} />
			<span>{t(route.title)}</span>
			{count > 0 && (
				<span class="count" aria-label={t('shell.newCount', { count })}>
					{count > 99 ? '99+' : count}
				</span>
			)}
		</a>
	);
}

function PasswordDialog({ close }: { close: () => void }) {
	const [old, setOld] = useState(''),
		[next, setNext] = useState(''),
		{ busy, act } = useAct();
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		if (await act(() => post('session/password', { old, password: next }), t('shell.password.done'))) close();
	};

	return (
		<Dialog title={t('shell.password.title')} close={close}>
			<form onSubmit={(e) => void submit(e)}>
				<TextField
					label={t('shell.password.old')}
					type="password"
					value={old}
					set={setOld}
					max={256}
					autocomplete="current-password"
					required
				/>
				<TextField
					label={t('shell.password.new')}
					type="password"
					value={next}
					set={setNext}
					max={256}
					minLength={10}
					autocomplete="new-password"
					hint={t('shell.password.hint')}
					required
				/>
				<div class="dialog-actions">
					<Button onClick={close}>{t('common.cancel')}</Button>
					<Button kind="main" type="submit" busy={busy}>
						{t('common.change')}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

function Account({ session, leave }: { session: Session; leave: () => void }) {
	const [changing, setChanging] = useState(false);

	return (
		<div class="account">
			<p class="who">
				<Icon name="person" />
				<span>
					<strong>{session.user}</strong>
					<br />
					{word(session.role)}
				</span>
			</p>
			<Preferences />
			<div class="preferences">
				<Button kind="quiet" icon="key" onClick={() => setChanging(true)}>
					{t('common.password')}
				</Button>
				<Button kind="quiet" icon="out" onClick={() => void call('DELETE', 'session').then(leave, leave)}>
					{t('shell.logOut')}
				</Button>
			</div>
			{changing && <PasswordDialog close={() => setChanging(false)} />}
		</div>
	);
}

function LinkState() {
	const link = useLink();
	const text = { live: t('shell.link.live'), connecting: t('shell.link.connecting'), lost: t('shell.link.lost') }[link];

	return (
		<span class={`link ${link}`} role="status">
			<i />
			{text}
		</span>
	);
}

const Links = ({ of, here }: { of: Route[]; here: string }) => (
	<>
		{of.map((r) => (
			<NavLink key={r.name} route={r} here={here} />
		))}
	</>
);

/** What must be known on every page. */
function Banners({ here }: { here: string }) {
	const { status, requests } = useDesk(),
		link = useLink();

	return (
		<>
			{status?.fire && (
				<p class="banner fire" role="alert">
					<Icon name="fire" />
					{t('shell.fire')}
				</p>
			)}
			{status && status.storage.state === 'failed' && (
				<p class="banner bad" role="alert">
					{t('shell.storageFailed')}
				</p>
			)}
			{requests.length > 0 && here !== 'doors' && (
				<p class="banner warn" role="alert">
					<Icon name="bell" />
					{t('shell.somebodyWaits')} {requests[0]?.door}
					<a href="#/doors">{t('shell.answer')}</a>
				</p>
			)}
			{link === 'lost' && (
				<p class="banner warn" role="status">
					<span class="spinner" />
					{t('shell.noConnection')}
				</p>
			)}
		</>
	);
}

interface NavProps {
	desk: Route[];
	office: Route[];
	here: string;
	session: Session;
	leave: () => void;
}

/** Beside the page, where there is room for it. */
function SideNav({ desk, office, here, session, leave }: NavProps) {
	const { status } = useDesk();

	return (
		<nav class="side" aria-label={t('shell.pages')}>
			<div class="brand">
				<img src="/icon.svg" alt="" width={28} height={28} />
				<span class="place">
					<strong>{status?.site ?? 'Gatehouse'}</strong>
					<small>{status?.gate ?? ' '}</small>
				</span>
			</div>
			<LinkState />
			<div class="links">
				<Links of={desk} here={here} />
				{office.length > 0 && <p class="group">{t('shell.office')}</p>}
				<Links of={office} here={here} />
			</div>
			<Account session={session} leave={leave} />
		</nav>
	);
}

/** On a phone: the guard's pages under the thumb, all else behind a button. */
function BottomNav({ desk, office, here, session, leave }: NavProps) {
	const { status } = useDesk(),
		[more, setMore] = useState(false);

	useEffect(() => setMore(false), [here]);
	return (
		<>
			<nav class="bottom" aria-label={t('shell.mainPages')}>
				<Links of={desk.slice(0, 4)} here={here} />
				<button
					type="button"
					aria-expanded={more}
					onClick={() => setMore(!more)}
					aria-current={office.some((r) => r.name === here) ? 'page' : undefined}
				>
					<Icon name="more" />
					<span>{t('shell.more')}</span>
				</button>
			</nav>
			{more && (
				<Dialog title={status ? `${status.site} · ${status.gate}` : 'Gatehouse'} close={() => setMore(false)}>
					<nav class="sheet" aria-label={t('shell.morePages')}>
						<Links of={office} here={here} />
					</nav>
					<Account session={session} leave={leave} />
				</Dialog>
			)}
		</>
	);
}

interface ShellProps {
	session: Session;
	here: string;
	leave: () => void;
	children: ComponentChildren;
}

export function Shell({ session, here, leave, children }: ShellProps) {
	const [simulated, setSimulated] = useState(false);
	const seen = routes.filter((r) => may(session, r.least) && (!r.simulated || simulated));
	const nav = {
		desk: seen.filter((r) => r.group === 'desk'),
		office: seen.filter((r) => r.group === 'office'),
		here,
		session,
		leave,
	};

	useEffect(() => {
		if (may(session, 'manager'))
			void get<{ driver: string }>('board').then(
				(board) => setSimulated(board.driver === 'sim'),
				() => undefined,
			);
	}, []);
	return (
		<div class="shell">
			<a
				class="skip"
				href="#main"
				onClick={(e) => {
					e.preventDefault();
					document.querySelector<HTMLElement>('h1')?.focus();
				}}
			>
				{t('shell.skip')}
			</a>
			<SideNav {...nav} />
			<div class="content">
				<Banners here={here} />
				{children}
			</div>
			<BottomNav {...nav} />
		</div>
	);
}

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
import { Button, Dialog, TextField, useAct, useLoad } from './ui';

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
			<button type="button" class="button quiet" lang={language() === 'zh' ? 'en' : 'zh-CN'} onClick={() => { setLanguage(language() === 'zh' ? 'en' : 'zh'); redraw(); }}>
				<Icon name="language" /><span>{language() === 'zh' ? 'English' : '中文'}</span>
			</button>
			<button type="button" class="button quiet" onClick={() => { setTheme(dark ? 'light' : 'dark'); redraw(); }}>
				<Icon name={dark ? 'sun' : 'moon'} /><span>{dark ? t('Light', '浅色') : t('Dark', '深色')}</span>
			</button>
		</div>
	);
}

/* ---- what the shell knows for all pages ---- */

interface Desk { status: Status | undefined; fresh: number; requests: GuardRequest[] }
const DeskContext = createContext<Desk>({ status: undefined, fresh: 0, requests: [] });

/** The gate's status (kept fresh), how many alerts nobody has judged, and who waits at a door for a guard. */
export const useDesk = (): Desk => useContext(DeskContext);

export function DeskKnowledge({ children }: { children: ComponentChildren }) {
	const status = useLoad<Status>('status'), alerts = useLoad<AlertPage>('alerts?state=new&limit=1');
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
		<a href={`#/${route.name}`} aria-current={route.name === here ? 'page' : undefined} class={count && route.name === 'doors' ? 'urgent' : ''}>
			<Icon name={route.icon} /><span>{t(...route.title)}</span>
			{count > 0 && <span class="count" aria-label={t(`${count} new`, `${count} 条新`)}>{count > 99 ? '99+' : count}</span>}
		</a>
	);
}

function PasswordDialog({ close }: { close: () => void }) {
	const [old, setOld] = useState(''), [next, setNext] = useState(''), { busy, act } = useAct();
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		if (await act(() => post('session/password', { old, password: next }), t('Your password is changed.', '密码已修改。'))) close();
	};

	return (
		<Dialog title={t('Change password', '修改密码')} close={close}>
			<form onSubmit={(e) => void submit(e)}>
				<TextField label={t('Old password', '旧密码')} type="password" value={old} set={setOld} max={256} autocomplete="current-password" required />
				<TextField label={t('New password', '新密码')} type="password" value={next} set={setNext} max={256} minLength={10} autocomplete="new-password"
					hint={t('At least 10 characters. Your other sessions end.', '至少 10 个字符。其他会话将结束。')} required />
				<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Change', '修改')}</Button></div>
			</form>
		</Dialog>
	);
}

function Account({ session, leave }: { session: Session; leave: () => void }) {
	const [changing, setChanging] = useState(false);

	return (
		<div class="account">
			<p class="who"><Icon name="person" /><span><strong>{session.user}</strong><br />{word(session.role)}</span></p>
			<Preferences />
			<div class="preferences">
				<Button kind="quiet" icon="key" onClick={() => setChanging(true)}>{t('Password', '密码')}</Button>
				<Button kind="quiet" icon="out" onClick={() => void call('DELETE', 'session').then(leave, leave)}>{t('Log out', '退出')}</Button>
			</div>
			{changing && <PasswordDialog close={() => setChanging(false)} />}
		</div>
	);
}

function LinkState() {
	const link = useLink();
	const text = { live: t('Live', '实时'), connecting: t('Connecting…', '连接中…'), lost: t('Reconnecting…', '重新连接中…') }[link];

	return <span class={`link ${link}`} role="status"><i />{text}</span>;
}

export function Shell({ session, here, leave, children }: { session: Session; here: string; leave: () => void; children: ComponentChildren }) {
	const [more, setMore] = useState(false), [simulated, setSimulated] = useState(false);
	const { status, requests } = useDesk(), link = useLink();
	const seen = routes.filter((r) => may(session, r.least) && (!r.simulated || simulated));
	const desk = seen.filter((r) => r.group === 'desk'), office = seen.filter((r) => r.group === 'office');

	useEffect(() => {
		if (may(session, 'manager')) void get<{ driver: string }>('board').then((board) => setSimulated(board.driver === 'sim'), () => undefined);
	}, []);
	useEffect(() => setMore(false), [here]);
	return (
		<div class="shell">
			<a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.querySelector<HTMLElement>('h1')?.focus(); }}>{t('Skip to content', '跳到内容')}</a>
			<nav class="side" aria-label={t('Pages', '页面')}>
				<div class="brand"><img src="/icon.svg" alt="" width={28} height={28} /><span class="place"><strong>{status?.site ?? 'Gatehouse'}</strong><small>{status?.gate ?? ' '}</small></span></div>
				<LinkState />
				<div class="links">
					{desk.map((r) => <NavLink key={r.name} route={r} here={here} />)}
					{office.length > 0 && <p class="group">{t('Office', '管理')}</p>}
					{office.map((r) => <NavLink key={r.name} route={r} here={here} />)}
				</div>
				<Account session={session} leave={leave} />
			</nav>
			<div class="content">
				{status?.fire && <p class="banner fire" role="alert"><Icon name="fire" />{t('Fire alarm: the doors that open on fire stand open.', '火警：设定为火警开启的门已打开。')}</p>}
				{status && status.storage.state === 'failed' && <p class="banner bad" role="alert">{t('The log cannot be written. Call the administrator.', '日志无法写入，请联系管理员。')}</p>}
				{requests.length > 0 && here !== 'doors' && <p class="banner warn" role="alert"><Icon name="bell" />{t('Somebody waits at a door:', '有人在门口等待：')} {requests[0]?.door}<a href="#/doors">{t('Answer', '去处理')}</a></p>}
				{link === 'lost' && <p class="banner warn" role="status"><span class="spinner" />{t('No connection to the gate. What you see may be old; reconnecting by itself.', '与闸机的连接已断开，显示内容可能已过时，正在自动重连。')}</p>}
				{children}
			</div>
			<nav class="bottom" aria-label={t('Main pages', '主要页面')}>
				{desk.slice(0, 4).map((r) => <NavLink key={r.name} route={r} here={here} />)}
				<button type="button" aria-expanded={more} onClick={() => setMore(!more)} aria-current={office.some((r) => r.name === here) ? 'page' : undefined}><Icon name="more" /><span>{t('More', '更多')}</span></button>
			</nav>
			{more && (
				<Dialog title={status ? `${status.site} · ${status.gate}` : 'Gatehouse'} close={() => setMore(false)}>
					<nav class="sheet" aria-label={t('More pages', '更多页面')}>{office.map((r) => <NavLink key={r.name} route={r} here={here} />)}</nav>
					<Account session={session} leave={leave} />
				</Dialog>
			)}
		</div>
	);
}

/* Who is logged in, and which page is shown. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, may, onEnded, Problem, setToken, type Session } from './api';
import { t } from './i18n';
import { startLive } from './live';
import { Login } from './login';
import { routes, type PageProps } from './routes';
import { DeskKnowledge, Redraw, Shell } from './shell';
import { asProblem, Failed, Loading, Messages, Page } from './ui';

function place(): string[] {
	return location.hash
		.replace(/^#\/?/, '')
		.split('/')
		.map((part) => {
			try {
				return decodeURIComponent(part);
			} catch {
				return part;
			}
		});
}

const WAS_IN = 'gatehouse.in'; /* who never logged in here need not be told that nobody is logged in */

type State =
	| { at: 'asking' }
	| { at: 'out'; over: boolean }
	| { at: 'in'; session: Session }
	| { at: 'failed'; problem: Problem };
type Shown = { name: string; page: ComponentType<PageProps> } | { name: string; problem: Problem };

function Pages({ session, leave }: { session: Session; leave: () => void }) {
	const [[name = '', ...args], setPlace] = useState(place),
		[shown, setShown] = useState<Shown | undefined>();
	const mine = routes.filter((r) => may(session, r.least));
	const route = routes.find((r) => r.name === name);

	useEffect(() => {
		const move = (): void => setPlace(place());

		addEventListener('hashchange', move);
		move(); /* it may have changed since this was drawn */
		return () => removeEventListener('hashchange', move);
	}, []);
	useEffect(() => startLive(), []);
	useEffect(() => {
		if (name === '' && mine[0]) location.replace(`#/${mine[0].name}`);
		if (!route || !may(session, route.least)) return;
		route.load().then(
			(module) => setShown({ name, page: module.default }),
			() => setShown({ name, problem: new Problem(0, 'no-connection') }),
		);
	}, [name]);

	let body = (
		<Page title={t('common.loading')}>
			<Loading />
		</Page>
	);
	if (name !== '' && !route) {
		body = (
			<Page title={t('app.noSuchPage')}>
				<p>
					{t('app.badAddress')} <a href="#/">{t('app.toStart')}</a>
				</p>
			</Page>
		);
	} else if (route && !may(session, route.least)) {
		body = (
			<Page title={t(route.title)}>
				<p role="alert">{t('app.roleMayNot')}</p>
			</Page>
		);
	} else if (shown?.name === name) {
		body =
			'page' in shown ? (
				<shown.page session={session} args={args} />
			) : (
				<Page title={t('app.notLoaded')}>
					<Failed problem={shown.problem} retry={() => location.reload()} />
				</Page>
			);
	}
	return (
		<DeskKnowledge>
			<Shell session={session} here={name} leave={leave}>
				{body}
			</Shell>
		</DeskKnowledge>
	);
}

export function App() {
	const [state, setState] = useState<State>({ at: 'asking' }),
		[turn, setTurn] = useState(0);
	const enter = (session: Session): void => {
		setToken(session.token);
		localStorage.setItem(WAS_IN, '1');
		setState({ at: 'in', session });
	};
	const begin = (): void => {
		if (!localStorage.getItem(WAS_IN)) {
			setState({ at: 'out', over: false });
			return;
		}
		setState({ at: 'asking' });
		get<Session>('session').then(enter, (error: unknown) => {
			const problem = asProblem(error);

			setState(problem.status === 401 ? { at: 'out', over: false } : { at: 'failed', problem });
		});
	};

	const leave = (): void => {
		localStorage.removeItem(WAS_IN);
		setState({ at: 'out', over: false });
	};

	useEffect(() => {
		onEnded(() => setState((old) => (old.at === 'in' ? { at: 'out', over: true } : old)));
		begin();
	}, []);
	return (
		<Redraw.Provider value={() => setTurn(turn + 1)}>
			<div key={turn} class="root">
				{state.at === 'asking' && <Loading />}
				{state.at === 'failed' && (
					<main class="login">
						<Failed problem={state.problem} retry={begin} />
					</main>
				)}
				{state.at === 'out' && <Login enter={enter} over={state.over} />}
				{state.at === 'in' && <Pages session={state.session} leave={leave} />}
				<Messages />
			</div>
		</Redraw.Provider>
	);
}

/* The way in: name, password, and the second factor where the gate asks for it. */
import { useState } from 'preact/hooks';
import { post, type Problem, type Session } from './api';
import { t } from './i18n';
import { Preferences } from './shell';
import { asProblem, Button, TextField } from './ui';

export function Login({ enter, over }: { enter: (session: Session) => void; over: boolean }) {
	const [user, setUser] = useState(''),
		[password, setPassword] = useState(''),
		[code, setCode] = useState('');
	const [problem, setProblem] = useState<Problem | undefined>(),
		[second, setSecond] = useState(false),
		[busy, setBusy] = useState(false);
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setBusy(true);
		setProblem(undefined);
		try {
			enter(await post<Session>('session', { user, password, ...(second ? { totp: code } : {}) }));
		} catch (error) {
			const found = asProblem(error);

			if (found.code === 'totp-needed') setSecond(true);
			else setProblem(found);
		} finally {
			setBusy(false);
		}
	};

	return (
		<main class="login" id="main">
			<form class="card" onSubmit={(e) => void submit(e)}>
				<div class="brand">
					<img src="/icon.svg" alt="" width={40} height={40} />
					<h1>Gatehouse</h1>
				</div>
				{over && !problem && (
					<p class="note" role="status">
						{t('login.sessionEnded')}
					</p>
				)}
				{problem && (
					<p class="note bad" role="alert">
						{problem.message}
					</p>
				)}
				<TextField
					label={t('common.user')}
					value={user}
					set={setUser}
					max={31}
					autocomplete="username"
					autocapitalize="none"
					spellcheck={false}
					required
					autofocus
				/>
				<TextField
					label={t('common.password')}
					value={password}
					set={setPassword}
					max={256}
					type="password"
					autocomplete="current-password"
					required
				/>
				{second && (
					<TextField
						label={t('login.secondFactor')}
						value={code}
						set={setCode}
						max={6}
						inputMode="numeric"
						autocomplete="one-time-code"
						pattern="[0-9]{6}"
						required
					/>
				)}
				<Button kind="main" type="submit" busy={busy}>
					{t('login.submit')}
				</Button>
			</form>
			<Preferences />
		</main>
	);
}

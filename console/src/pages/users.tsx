/* Who may log in: roles, passwords, second factors. */
import { useState } from 'preact/hooks';
import { call, getTagged, post, Problem, type Schemas } from '../api';
import { t, word } from '../i18n';
import { day, Select } from '../office/parts';
import { QrCode } from '../office/qr';
import type { PageProps } from '../routes';
import { ask, Await, Badge, Button, Card, Dialog, Empty, Page, Table, TextField, useAct, useLoad } from '../ui';

type User = Schemas['User'];

const ROLES = ['guard', 'manager', 'admin'] as const;
const roles = (): (readonly [string, string])[] => ROLES.map((r) => [r, word(r)] as const);
const path = (name: string): string => `users/${encodeURIComponent(name)}`;
const mayWhat = (role: string): string =>
	({
		guard: t('users.role.guard'),
		manager: t('users.role.manager'),
		admin: t('users.role.admin'),
	})[role] ?? '';

const passwordProblem = (password: string, again: string): string | undefined =>
	password.length < 10 ? t('users.password.tooShort') : password !== again ? t('users.password.unequal') : undefined;

function Passwords({
	password,
	again,
	set,
	tried,
}: {
	password: string;
	again: string;
	set: (password: string, again: string) => void;
	tried: boolean;
}) {
	const problem = passwordProblem(password, again);

	return (
		<>
			<TextField
				label={t('common.password')}
				type="password"
				value={password}
				set={(p) => set(p, again)}
				max={256}
				autocomplete="new-password"
				hint={t('users.password.hint')}
				required
			/>
			<TextField
				label={t('users.password.again')}
				type="password"
				value={again}
				set={(a) => set(password, a)}
				max={256}
				autocomplete="new-password"
				error={tried ? problem : undefined}
				required
			/>
		</>
	);
}

function AddDialog({ taken, close, done }: { taken: string[]; close: () => void; done: () => void }) {
	const [user, setUser] = useState(''),
		[role, setRole] = useState<string>('guard'),
		[[password, again], setPasswords] = useState(['', '']);
	const [tried, setTried] = useState(false),
		{ busy, act } = useAct();
	const wrongName = !/^[a-z0-9._-]{1,31}$/.test(user)
		? t('users.nameWrong')
		: taken.includes(user)
			? t('users.nameTaken')
			: undefined;
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrongName || passwordProblem(password ?? '', again ?? '')) return;
		if (await act(() => post('users', { user, role, password }), t('users.added'))) {
			done();
			close();
		}
	};

	return (
		<Dialog title={t('users.add')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<TextField
					label={t('users.name')}
					value={user}
					set={setUser}
					max={31}
					autocomplete="off"
					autocapitalize="none"
					spellcheck={false}
					error={tried ? wrongName : undefined}
					required
				/>
				<Select label={t('users.role')} value={role} set={setRole} of={roles()} hint={mayWhat(role)} />
				<Passwords password={password ?? ''} again={again ?? ''} set={(p, a) => setPasswords([p, a])} tried={tried} />
				<div class="dialog-actions">
					<Button onClick={close}>{t('common.cancel')}</Button>
					<Button kind="main" type="submit" busy={busy}>
						{t('common.add')}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

function PasswordDialog({ user, close }: { user: string; close: () => void }) {
	const [[password, again], setPasswords] = useState(['', '']),
		[tried, setTried] = useState(false),
		{ busy, act } = useAct();
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (passwordProblem(password ?? '', again ?? '')) return;
		if (await act(() => call('PATCH', path(user), { password }), t('users.password.done'))) close();
	};

	return (
		<Dialog title={t('users.password.title', { user })} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<Passwords password={password ?? ''} again={again ?? ''} set={(p, a) => setPasswords([p, a])} tried={tried} />
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

function FactorDialog({ user, secret, uri, close }: { user: string; secret: string; uri: string; close: () => void }) {
	return (
		<Dialog title={t('users.totp.title', { user })} close={close}>
			<p>{t('users.totp.scan')}</p>
			<QrCode text={uri} label={t('users.totp.qrCode')} />
			<p>
				{t('users.totp.secret')} <span class="secret">{secret.replace(/(.{4})/g, '$1 ').trim()}</span>
			</p>
			<div class="dialog-actions">
				<Button kind="main" onClick={close}>
					{t('users.totp.close')}
				</Button>
			</div>
		</Dialog>
	);
}

const columns = (): string[] => [
	t('common.user'),
	t('users.role'),
	t('common.state'),
	t('users.totp'),
	t('users.since'),
	t('common.actions'),
];

/** What an admin may do to a user; each that takes something away asks first. factor: a new secret, to be shown once. */
function useUserActs(user: User, reload: () => void) {
	const { busy, act } = useAct(),
		[factor, setFactor] = useState<{ secret: string; uri: string } | undefined>();
	const patch = async (change: object, done: string): Promise<void> => {
		await act(async () => {
			const now = await getTagged<User>(path(user.user));

			if (JSON.stringify(now.data) !== JSON.stringify(user)) throw new Problem(412, 'changed'); /* not what stands in the row */
			await call('PATCH', path(user.user), change, now.etag);
		}, done);
		reload();
	};
	const setRole = async (role: string): Promise<void> => {
		if (
			await ask({
				title: t('users.role.confirm', { user: user.user, role: word(role) }),
				text: mayWhat(role),
				yes: t('users.role.yes', { role: word(role) }),
			})
		)
			await patch({ role }, t('users.role.done'));
		else reload();
	};
	const toggle = async (): Promise<void> => {
		if (
			user.disabled ||
			(await ask({
				title: t('users.off.confirm', { user: user.user }),
				text: t('users.off.text'),
				yes: t('users.off'),
				danger: true,
			}))
		)
			await patch({ disabled: !user.disabled }, user.disabled ? t('users.on.done') : t('users.off.done'));
	};
	const setUp = async (): Promise<void> => {
		if (
			user.totp &&
			!(await ask({
				title: t('users.totp.renew.confirm'),
				text: t('users.totp.renew.text'),
				yes: t('users.totp.renew.yes'),
				danger: true,
			}))
		)
			return;
		await act(async () => setFactor(await post<{ secret: string; uri: string }>(`${path(user.user)}/totp`)));
		reload();
	};
	const removeFactor = async (): Promise<void> => {
		if (!(await ask({ title: t('users.totp.remove.confirm', { user: user.user }), yes: t('users.totp.remove'), danger: true })))
			return;
		await act(() => call('DELETE', `${path(user.user)}/totp`), t('users.totp.remove.done'));
		reload();
	};

	return { busy, factor, closeFactor: () => setFactor(undefined), setRole, toggle, setUp, removeFactor };
}

type ButtonsProps = { user: User; mine: boolean; acts: ReturnType<typeof useUserActs>; changePassword: () => void };
function RowButtons({ user, mine, acts, changePassword }: ButtonsProps) {
	return (
		<div class="row tight">
			<Button busy={acts.busy} onClick={changePassword} label={t('users.password.title', { user: user.user })}>
				{t('common.password')}
			</Button>
			<Button busy={acts.busy} onClick={() => void acts.setUp()} label={t('users.totp.setUp', { user: user.user })}>
				{t('users.totp')}
			</Button>
			{user.totp && (
				<Button
					kind="danger"
					busy={acts.busy}
					onClick={() => void acts.removeFactor()}
					label={t('users.totp.removeOf', { user: user.user })}
				>
					{t('users.totp.remove.yes')}
				</Button>
			)}
			{!mine && (
				<Button
					kind={user.disabled ? 'plain' : 'danger'}
					busy={acts.busy}
					onClick={() => void acts.toggle()}
					label={user.disabled ? t('users.on.of', { user: user.user }) : t('users.off.of', { user: user.user })}
				>
					{user.disabled ? t('users.on') : t('users.off')}
				</Button>
			)}
		</div>
	);
}

function Row({ user, mine, reload }: { user: User; mine: boolean; reload: () => void }) {
	const head = columns(),
		acts = useUserActs(user, reload),
		[changing, setChanging] = useState(false);

	return (
		<tr>
			<td data-label={head[0]}>
				<strong>{user.user}</strong>
				{mine && (
					<>
						{' '}
						<Badge tone="info">{t('users.you')}</Badge>
					</>
				)}
			</td>
			<td data-label={head[1]}>
				<select
					aria-label={t('users.role.of', { user: user.user })}
					value={user.role}
					disabled={acts.busy || mine}
					onChange={(e) => void acts.setRole(e.currentTarget.value)}
				>
					{ROLES.map((r) => (
						<option key={r} value={r}>
							{word(r)}
						</option>
					))}
				</select>
			</td>
			<td data-label={head[2]}>
				{user.disabled ? <Badge tone="warn">{t('common.off')}</Badge> : <Badge tone="good">{t('common.on')}</Badge>}
			</td>
			<td data-label={head[3]}>
				{user.totp ? <Badge tone="good">{t('users.totp.set')}</Badge> : <Badge>{t('users.totp.none')}</Badge>}
			</td>
			<td data-label={head[4]}>{day(user.created)}</td>
			<td>
				<RowButtons user={user} mine={mine} acts={acts} changePassword={() => setChanging(true)} />
				{changing && <PasswordDialog user={user.user} close={() => setChanging(false)} />}
				{acts.factor && <FactorDialog user={user.user} {...acts.factor} close={acts.closeFactor} />}
			</td>
		</tr>
	);
}

export default function UsersPage({ session }: PageProps) {
	const load = useLoad<{ users: User[] }>('users'),
		[adding, setAdding] = useState(false);

	return (
		<Page
			title={t('nav.users')}
			actions={
				<Button kind="main" icon="plus" onClick={() => setAdding(true)}>
					{t('users.add')}
				</Button>
			}
		>
			<Await load={load}>
				{({ users }) => (
					<>
						{users.length === 0 ? (
							<Card>
								<Empty icon="key" title={t('users.none')} />
							</Card>
						) : (
							<div class="stacked">
								<Table label={t('nav.users')} head={columns()}>
									{users.map((u) => (
										<Row key={u.user} user={u} mine={u.user === session.user} reload={load.reload} />
									))}
								</Table>
							</div>
						)}
						{adding && <AddDialog taken={users.map((u) => u.user)} close={() => setAdding(false)} done={load.reload} />}
					</>
				)}
			</Await>
		</Page>
	);
}

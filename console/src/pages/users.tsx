/* Who may log in: roles, passwords, second factors. */
import { useState } from 'preact/hooks';
import { call, getTagged, post, Problem, type Role } from '../api';
import { t, word } from '../i18n';
import { day, Select } from '../office/parts';
import { QrCode } from '../office/qr';
import type { PageProps } from '../routes';
import { ask, Await, Badge, Button, Card, Dialog, Empty, Page, Table, TextField, useAct, useLoad } from '../ui';

interface User { user: string; role: Role; disabled: boolean; totp: boolean; created: string }

const ROLES = ['guard', 'manager', 'admin'] as const;
const roles = (): (readonly [string, string])[] => ROLES.map((r) => [r, word(r)] as const);
const path = (name: string): string => `users/${encodeURIComponent(name)}`;
const mayWhat = (role: string): string => ({
	guard: t('Judges alerts, opens doors, makes visitor passes.', '处理警报、开门、制作访客通行证。'),
	manager: t('Also enrols people, sets rules, reads and exports the log.', '另可登记人员、设置规则、查看和导出日志。'),
	admin: t('Also decides who may log in.', '另可管理登录用户。'),
})[role] ?? '';

const passwordProblem = (password: string, again: string): string | undefined =>
	password.length < 10 ? t('At least 10 characters.', '至少 10 个字符。')
	: password !== again ? t('The two are not the same.', '两次输入不一致。') : undefined;

function Passwords({ password, again, set, tried }: { password: string; again: string; set: (password: string, again: string) => void; tried: boolean }) {
	const problem = passwordProblem(password, again);

	return (
		<>
			<TextField label={t('Password', '密码')} type="password" value={password} set={(p) => set(p, again)} max={256} autocomplete="new-password"
				hint={t('10 characters or more; tell it to the person, who changes it.', '至少 10 个字符；告知本人并由其修改。')} required />
			<TextField label={t('Password again', '再次输入密码')} type="password" value={again} set={(a) => set(password, a)} max={256} autocomplete="new-password"
				error={tried ? problem : undefined} required />
		</>
	);
}

function AddDialog({ taken, close, done }: { taken: string[]; close: () => void; done: () => void }) {
	const [user, setUser] = useState(''), [role, setRole] = useState<string>('guard'), [[password, again], setPasswords] = useState(['', '']);
	const [tried, setTried] = useState(false), { busy, act } = useAct();
	const wrongName = !/^[a-z0-9._-]{1,31}$/.test(user) ? t('1 to 31 of a-z, 0-9, dot, underscore and hyphen.', '1 至 31 个字符：小写字母、数字、点、下划线和连字符。')
		: taken.includes(user) ? t('There is a user of this name already.', '该用户名已存在。') : undefined;
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrongName || passwordProblem(password ?? '', again ?? '')) return;
		if (await act(() => post('users', { user, role, password }), t('The user is added.', '用户已添加。'))) { done(); close(); }
	};

	return (
		<Dialog title={t('Add a user', '添加用户')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<TextField label={t('User name', '用户名')} value={user} set={setUser} max={31} autocomplete="off" autocapitalize="none" spellcheck={false} error={tried ? wrongName : undefined} required />
				<Select label={t('Role', '角色')} value={role} set={setRole} of={roles()} hint={mayWhat(role)} />
				<Passwords password={password ?? ''} again={again ?? ''} set={(p, a) => setPasswords([p, a])} tried={tried} />
				<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Add', '添加')}</Button></div>
			</form>
		</Dialog>
	);
}

function PasswordDialog({ user, close }: { user: string; close: () => void }) {
	const [[password, again], setPasswords] = useState(['', '']), [tried, setTried] = useState(false), { busy, act } = useAct();
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (passwordProblem(password ?? '', again ?? '')) return;
		if (await act(() => call('PATCH', path(user), { password }), t('The password is changed; open sessions of this user ended.', '密码已修改，该用户的会话已结束。'))) close();
	};

	return (
		<Dialog title={t(`New password for ${user}`, `为 ${user} 设置新密码`)} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<Passwords password={password ?? ''} again={again ?? ''} set={(p, a) => setPasswords([p, a])} tried={tried} />
				<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Change', '修改')}</Button></div>
			</form>
		</Dialog>
	);
}

function FactorDialog({ user, secret, uri, close }: { user: string; secret: string; uri: string; close: () => void }) {
	return (
		<Dialog title={t(`Second factor of ${user}`, `${user} 的二次验证`)} close={close}>
			<p>{t('Scan this with an authenticator app now. It is shown this once; from the next log-in on its six digits are asked for.',
				'请立即用身份验证器应用扫描。此码只显示一次，下次登录起需输入六位动态码。')}</p>
			<QrCode text={uri} label={t('QR code of the secret for the authenticator app', '身份验证器密钥二维码')} />
			<p>{t('Or type the secret:', '或手动输入密钥：')} <span class="secret">{secret.replace(/(.{4})/g, '$1 ').trim()}</span></p>
			<div class="dialog-actions"><Button kind="main" onClick={close}>{t('It is in the app', '已添加到应用')}</Button></div>
		</Dialog>
	);
}

const columns = (): string[] => [t('User', '用户名'), t('Role', '角色'), t('State', '状态'), t('Second factor', '二次验证'), t('Since', '创建时间'), t('Change', '操作')];

function Row({ user, mine, reload }: { user: User; mine: boolean; reload: () => void }) {
	const head = columns(), { busy, act } = useAct(), [changing, setChanging] = useState(false);
	const [factor, setFactor] = useState<{ secret: string; uri: string } | undefined>();
	const patch = async (change: object, done: string): Promise<void> => {
		await act(async () => {
			const now = await getTagged<User>(path(user.user));

			if (JSON.stringify(now.data) !== JSON.stringify(user)) throw new Problem(412, 'changed', ''); /* not what stands in the row */
			await call('PATCH', path(user.user), change, now.etag);
		}, done);
		reload();
	};
	const setRole = async (role: string): Promise<void> => {
		if (await ask({ title: t(`Make ${user.user} ${word(role)}?`, `将 ${user.user} 设为${word(role)}？`), text: mayWhat(role), yes: t(`Make ${word(role)}`, `设为${word(role)}`) }))
			await patch({ role }, t('The role is changed.', '角色已更改。'));
		else reload();
	};
	const toggle = async (): Promise<void> => {
		if (user.disabled || (await ask({ title: t(`Switch ${user.user} off?`, `停用 ${user.user}？`), text: t('Nobody can log in under this name; open sessions end now.', '将无法以此用户登录，已打开的会话立即结束。'), yes: t('Switch off', '停用'), danger: true })))
			await patch({ disabled: !user.disabled }, user.disabled ? t('Switched on.', '已启用。') : t('Switched off.', '已停用。'));
	};
	const setUp = async (): Promise<void> => {
		if (user.totp && !(await ask({ title: t('Make a new secret?', '生成新密钥？'), text: t('The old one stops working at once.', '旧密钥立即失效。'), yes: t('Make a new one', '生成新密钥'), danger: true }))) return;
		await act(async () => setFactor(await post<{ secret: string; uri: string }>(`${path(user.user)}/totp`)));
		reload();
	};
	const removeFactor = async (): Promise<void> => {
		if (!(await ask({ title: t(`Remove the second factor of ${user.user}?`, `取消 ${user.user} 的二次验证？`), yes: t('Remove', '取消验证'), danger: true }))) return;
		await act(() => call('DELETE', `${path(user.user)}/totp`), t('Removed.', '已取消。'));
		reload();
	};

	return (
		<tr>
			<td data-label={head[0]}><strong>{user.user}</strong>{mine && <> <Badge tone="info">{t('you', '本人')}</Badge></>}</td>
			<td data-label={head[1]}><select aria-label={t(`Role of ${user.user}`, `${user.user} 的角色`)} value={user.role} disabled={busy || mine} onChange={(e) => void setRole(e.currentTarget.value)}>
				{ROLES.map((r) => <option key={r} value={r}>{word(r)}</option>)}</select></td>
			<td data-label={head[2]}>{user.disabled ? <Badge tone="warn">{t('off', '停用')}</Badge> : <Badge tone="good">{t('on', '启用')}</Badge>}</td>
			<td data-label={head[3]}>{user.totp ? <Badge tone="good">{t('yes', '已设置')}</Badge> : <Badge>{t('none', '未设置')}</Badge>}</td>
			<td data-label={head[4]}>{day(user.created)}</td>
			<td><div class="row tight">
				<Button busy={busy} onClick={() => setChanging(true)} label={t(`New password for ${user.user}`, `为 ${user.user} 设置新密码`)}>{t('Password', '密码')}</Button>
				<Button busy={busy} onClick={() => void setUp()} label={t(`Set up the second factor of ${user.user}`, `设置 ${user.user} 的二次验证`)}>{t('Second factor', '二次验证')}</Button>
				{user.totp && <Button kind="danger" busy={busy} onClick={() => void removeFactor()} label={t(`Remove the second factor of ${user.user}`, `取消 ${user.user} 的二次验证`)}>{t('Remove it', '取消验证')}</Button>}
				{!mine && <Button kind={user.disabled ? 'plain' : 'danger'} busy={busy} onClick={() => void toggle()} label={user.disabled ? t(`Switch ${user.user} on`, `启用 ${user.user}`) : t(`Switch ${user.user} off`, `停用 ${user.user}`)}>{user.disabled ? t('Switch on', '启用') : t('Switch off', '停用')}</Button>}
			</div>
			{changing && <PasswordDialog user={user.user} close={() => setChanging(false)} />}
			{factor && <FactorDialog user={user.user} {...factor} close={() => setFactor(undefined)} />}</td>
		</tr>
	);
}

export default function UsersPage({ session }: PageProps) {
	const load = useLoad<{ users: User[] }>('users'), [adding, setAdding] = useState(false);

	return (
		<Page title={t('Users', '用户')} actions={<Button kind="main" icon="plus" onClick={() => setAdding(true)}>{t('Add a user', '添加用户')}</Button>}>
			<Await load={load}>{({ users }) => (
				<>
					{users.length === 0 ? <Card><Empty icon="key" title={t('Nobody can log in', '没有可登录的用户')} /></Card> : (
						<div class="stacked"><Table label={t('Users', '用户')} head={columns()}>
							{users.map((u) => <Row key={u.user} user={u} mine={u.user === session.user} reload={load.reload} />)}
						</Table></div>
					)}
					{adding && <AddDialog taken={users.map((u) => u.user)} close={() => setAdding(false)} done={load.reload} />}
				</>
			)}</Await>
		</Page>
	);
}

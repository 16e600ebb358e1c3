/* Cards, PINs and QR codes of one person. What is read is never shown again. */
import { useState } from 'preact/hooks';
import { call, post } from '../api';
import { count, t, word } from '../i18n';
import { ask, Await, Badge, Button, Card, Dialog, Table, TextField, useAct } from '../ui';
import { Check, day, fromLocal, Select, spanProblem, useAll } from './parts';

interface Credential { id: string; person: string; type: 'card' | 'pin' | 'qr'; enabled: boolean; valid_from: string | null; valid_to: string | null; uses?: number; used: number }

const KEY = { card: 'number', pin: 'digits', qr: 'text' } as const;
function codeProblem(type: Credential['type'], code: string): string | undefined {
	if (type === 'card') return /^[0-9]{1,40}$/.test(code) ? undefined : t("The card's number, in digits.", '请输入数字卡号。');
	if (type === 'pin') return /^[0-9]{4,12}$/.test(code) ? undefined : t('4 to 12 digits.', '4 至 12 位数字。');
	return /^[!-~]([ -~]{0,62}[!-~])?$/.test(code) ? undefined : t('1 to 64 letters, digits or signs without accents.', '1 至 64 个英文字母、数字或符号。');
}

function AddDialog({ person, close, done }: { person: string; close: () => void; done: () => void }) {
	const [type, setType] = useState<Credential['type']>('card'), [code, setCode] = useState(''), [from, setFrom] = useState(''), [to, setTo] = useState('');
	const [uses, setUses] = useState(''), [duress, setDuress] = useState(false), [tried, setTried] = useState(false), { busy, act } = useAct();
	const wrong = codeProblem(type, code.trim()), wrongSpan = spanProblem(from, to);
	const wrongUses = uses !== '' && !/^[1-9][0-9]{0,5}$/.test(uses) ? t('A number from 1 to 999999, or nothing.', '1 至 999999，或留空。') : undefined;
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrong || wrongSpan || wrongUses) return;
		const body = { person, type, [KEY[type]]: code.trim(), valid_from: fromLocal(from), valid_to: fromLocal(to), ...(uses ? { uses: Number(uses) } : {}), ...(type === 'pin' && duress ? { duress } : {}) };
		if (await act(() => post('access/credentials', body), t('Added.', '已添加。'))) { done(); close(); }
	};

	return (
		<Dialog title={t('Add a card, PIN or QR code', '添加卡、密码或二维码')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<Select label={t('Kind', '类型')} value={type} set={(v) => { setType(v as Credential['type']); setCode(''); }} of={[['card', t('Card', '卡')], ['pin', t('PIN', '密码')], ['qr', t('QR code', '二维码')]]} />
				<TextField label={{ card: t('Number of the card, decimal', '卡号（十进制）'), pin: t('Digits of the PIN', '密码数字'), qr: t('Text of the code', '二维码内容') }[type]}
					type={type === 'pin' ? 'password' : 'text'} value={code} set={setCode} max={type === 'qr' ? 64 : type === 'pin' ? 12 : 40} autocomplete="off" error={tried ? wrong : undefined} required
					hint={type === 'pin' ? t('Counts beside a card or a face, unless a rule says otherwise.', '除规则另有规定外，须与卡或人脸一同使用。') : t('It is kept encrypted and not shown again.', '加密保存，不再显示。')} />
				<div class="columns">
					<TextField label={t('Valid from', '生效时间')} type="datetime-local" value={from} set={setFrom} />
					<TextField label={t('Valid until', '失效时间')} type="datetime-local" value={to} set={setTo} error={wrongSpan} />
					<TextField label={t('How often at most', '最多使用次数')} inputMode="numeric" value={uses} set={setUses} max={6} placeholder={t('no limit', '不限')} error={wrongUses} />
				</div>
				{type === 'pin' && <Check label={t('Duress PIN: opens, and alarms silently', '胁迫密码：开门并静默报警')} value={duress} set={setDuress} />}
				<div class="dialog-actions"><Button onClick={close}>{t('Cancel', '取消')}</Button><Button kind="main" type="submit" busy={busy}>{t('Add', '添加')}</Button></div>
			</form>
		</Dialog>
	);
}

export function Credentials({ person }: { person: string }) {
	const load = useAll<Credential>(`access/credentials?person=${person}`), [adding, setAdding] = useState(false), { busy, act } = useAct();
	const head = [t('Kind', '类型'), t('State', '状态'), t('Valid', '有效期'), t('Used', '已用'), t('Change', '操作')];
	const remove = async (one: Credential): Promise<void> => {
		if (!(await ask({ title: t('Remove it?', '删除该凭证？'), text: t('It stops working at once.', '立即失效。'), yes: t('Remove', '删除'), danger: true }))) return;
		await act(() => call('DELETE', `access/credentials/${one.id}`), t('Removed.', '已删除。'));
		load.reload();
	};

	return (
		<Card title={t('Cards, PINs, QR codes', '卡、密码、二维码')} actions={<Button icon="plus" onClick={() => setAdding(true)}>{t('Add', '添加')}</Button>}>
			<Await load={load}>{(list) => {
				const mine = list.filter((c) => c.person === person);

				return mine.length === 0 ? <p class="dim">{t('None. Face is never the only way in: a card or PIN can be added.', '暂无。人脸不应是唯一通行方式，可添加卡或密码。')}</p> : (
					<div class="stacked"><Table label={t('Credentials', '凭证')} head={head}>
						{mine.map((c) => (
							<tr key={c.id}>
								<td data-label={head[0]}>{word(c.type)}</td>
								<td data-label={head[1]}>{c.enabled ? <Badge tone="good">{t('on', '启用')}</Badge> : <Badge tone="warn">{t('off', '停用')}</Badge>}</td>
								<td data-label={head[2]}><span>{c.valid_from || c.valid_to ? `${c.valid_from ? day(c.valid_from) : ''} – ${c.valid_to ? day(c.valid_to) : ''}` : t('always', '长期')}</span></td>
								<td data-label={head[3]}>{count(c.used)}{c.uses ? ` / ${count(c.uses)}` : ''}</td>
								<td><Button kind="danger" busy={busy} onClick={() => void remove(c)}>{t('Remove', '删除')}</Button></td>
							</tr>
						))}
					</Table></div>
				);
			}}</Await>
			{adding && <AddDialog person={person} close={() => setAdding(false)} done={load.reload} />}
		</Card>
	);
}

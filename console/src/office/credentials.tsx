/* Cards, PINs and QR codes of one person. What is read is never shown again. */
import { useState } from 'preact/hooks';
import { call, post, type Schemas } from '../api';
import { count, t, word } from '../i18n';
import { ask, Await, Badge, Button, Card, Dialog, Table, TextField, useAct } from '../ui';
import { Check, day, fromLocal, Select, spanProblem, useAll } from './parts';

type Credential = Schemas['Credential'] & { id: string; used: number };

const KEY = { card: 'number', pin: 'digits', qr: 'text' } as const;
function codeProblem(type: Credential['type'], code: string): string | undefined {
	if (type === 'card') return /^[0-9]{1,40}$/.test(code) ? undefined : t('credentials.cardNumberWrong');
	if (type === 'pin') return /^[0-9]{4,12}$/.test(code) ? undefined : t('credentials.pinWrong');
	return /^[!-~]([ -~]{0,62}[!-~])?$/.test(code) ? undefined : t('credentials.codeWrong');
}

type CodeProps = { type: Credential['type']; value: string; set: (code: string) => void; error: string | undefined };
const CodeField = ({ type, value, set, error }: CodeProps) => (
	<TextField
		label={{ card: t('credentials.cardNumber'), pin: t('credentials.pinDigits'), qr: t('credentials.codeText') }[type]}
		type={type === 'pin' ? 'password' : 'text'}
		value={value}
		set={set}
		max={{ card: 40, pin: 12, qr: 64 }[type]}
		autocomplete="off"
		error={error}
		required
		hint={type === 'pin' ? t('credentials.pinHint') : t('credentials.encryptedHint')}
	/>
);

function AddDialog({ person, close, done }: { person: string; close: () => void; done: () => void }) {
	const [type, setType] = useState<Credential['type']>('card'),
		[code, setCode] = useState(''),
		[from, setFrom] = useState(''),
		[to, setTo] = useState('');
	const [uses, setUses] = useState(''),
		[duress, setDuress] = useState(false),
		[tried, setTried] = useState(false),
		{ busy, act } = useAct();
	const wrong = codeProblem(type, code.trim()),
		wrongSpan = spanProblem(from, to);
	const wrongUses = uses !== '' && !/^[1-9][0-9]{0,5}$/.test(uses) ? t('credentials.usesWrong') : undefined;
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrong || wrongSpan || wrongUses) return;
		const body = {
			person,
			type,
			[KEY[type]]: code.trim(),
			valid_from: fromLocal(from),
			valid_to: fromLocal(to),
			...(uses ? { uses: Number(uses) } : {}),
			...(type === 'pin' && duress ? { duress } : {}),
		};
		if (await act(() => post('access/credentials', body), t('credentials.added'))) {
			done();
			close();
		}
	};

	return (
		<Dialog title={t('credentials.addTitle')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<Select
					label={t('credentials.kind')}
					value={type}
					set={(v) => {
						setType(v as Credential['type']);
						setCode('');
					}}
					of={[
						['card', t('credentials.card')],
						['pin', t('credentials.pin')],
						['qr', t('credentials.qrCode')],
					]}
				/>
				<CodeField type={type} value={code} set={setCode} error={tried ? wrong : undefined} />
				<div class="columns">
					<TextField label={t('common.validFrom')} type="datetime-local" value={from} set={setFrom} />
					<TextField label={t('common.validUntil')} type="datetime-local" value={to} set={setTo} error={wrongSpan} />
					<TextField
						label={t('credentials.usesMax')}
						inputMode="numeric"
						value={uses}
						set={setUses}
						max={6}
						placeholder={t('common.noLimit')}
						error={wrongUses}
					/>
				</div>
				{type === 'pin' && <Check label={t('credentials.duressPin')} value={duress} set={setDuress} />}
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

export function Credentials({ person }: { person: string }) {
	const load = useAll<Credential>(`access/credentials?person=${person}`),
		[adding, setAdding] = useState(false),
		{ busy, act } = useAct();
	const head = [t('credentials.kind'), t('common.state'), t('common.valid'), t('common.used'), t('common.actions')];
	const remove = async (one: Credential): Promise<void> => {
		if (
			!(await ask({
				title: t('credentials.remove.confirm'),
				text: t('credentials.remove.text'),
				yes: t('common.remove'),
				danger: true,
			}))
		)
			return;
		await act(() => call('DELETE', `access/credentials/${one.id}`), t('common.removed'));
		load.reload();
	};

	return (
		<Card
			title={t('credentials.title')}
			actions={
				<Button icon="plus" onClick={() => setAdding(true)}>
					{t('common.add')}
				</Button>
			}
		>
			<Await load={load}>
				{(list) => {
					const mine = list.filter((c) => c.person === person);

					return mine.length === 0 ? (
						<p class="dim">{t('credentials.none')}</p>
					) : (
						<div class="stacked">
							<Table label={t('credentials.label')} head={head}>
								{mine.map((c) => (
									<tr key={c.id}>
										<td data-label={head[0]}>{word(c.type)}</td>
										<td data-label={head[1]}>
											{c.enabled ? <Badge tone="good">{t('common.on')}</Badge> : <Badge tone="warn">{t('common.off')}</Badge>}
										</td>
										<td data-label={head[2]}>
											<span>
												{c.valid_from || c.valid_to
													? `${c.valid_from ? day(c.valid_from) : ''} – ${c.valid_to ? day(c.valid_to) : ''}`
													: t('common.always')}
											</span>
										</td>
										<td data-label={head[3]}>
											{count(c.used)}
											{c.uses ? ` / ${count(c.uses)}` : ''}
										</td>
										<td>
											<Button kind="danger" busy={busy} onClick={() => void remove(c)}>
												{t('common.remove')}
											</Button>
										</td>
									</tr>
								))}
							</Table>
						</div>
					);
				}}
			</Await>
			{adding && <AddDialog person={person} close={() => setAdding(false)} done={load.reload} />}
		</Card>
	);
}

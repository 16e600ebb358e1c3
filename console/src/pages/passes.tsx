/* Visitors' passes: made at the desk, shown or printed as a QR code, revoked by a manager. */
import { useState } from 'preact/hooks';
import { call, may, post, type Session, type Schemas } from '../api';
import { count, t } from '../i18n';
import { Choices, day, fromLocal, spanProblem, toLocal, useAll } from '../office/parts';
import { PersonPicker, usePeople } from '../office/picker';
import { QrCode } from '../office/qr';
import type { PageProps } from '../routes';
import { useDesk } from '../shell';
import { ask, Await, Badge, Button, Card, Dialog, Empty, Page, PersonName, Table, TextField, useAct, useLoad } from '../ui';

type Pass = Schemas['Pass'] & { id: string; used: number; revoked: boolean };

const USES_MAX = 65535,
	DAY_MS = 86400000;
const over = (pass: Pass): boolean => Date.parse(pass.valid_to) <= Date.now();
const usedUp = (pass: Pass): boolean => pass.uses !== undefined && pass.used >= pass.uses;

function Host({ value, set }: { value: string; set: (id: string) => void }) {
	const { people } = usePeople();

	return <PersonPicker label={t('passes.host')} people={people} value={value} set={set} hint={t('passes.optional')} />;
}

/** A pass as it is being written, in the words of its fields. */
interface Draft {
	title: string;
	host: string;
	doors: string[];
	uses: string;
	from: string;
	to: string;
}
const newDraft = (): Draft => ({
	title: '',
	host: '',
	doors: [],
	uses: '2',
	from: toLocal(new Date().toISOString()),
	to: toLocal(new Date(Date.now() + DAY_MS).toISOString()),
});

function titleProblem(title: string): string | undefined {
	if (title.trim() === '') return t('passes.forWhomNeeded');
	return new TextEncoder().encode(title).length > 128 ? t('passes.tooLong') : undefined;
}
function endProblem({ from, to }: Draft): string | undefined {
	if (!fromLocal(to)) return t('passes.untilNeeded');
	return spanProblem(from, to) ?? (Date.parse(to) <= Date.now() ? t('passes.untilPast') : undefined);
}
const usesProblem = (uses: string): string | undefined =>
	uses !== '' && !(/^[1-9][0-9]*$/.test(uses) && Number(uses) <= USES_MAX) ? t('passes.usesWrong', { max: USES_MAX }) : undefined;

const bodyOf = ({ title, host, doors, uses, from, to }: Draft): object => ({
	title: title.trim(),
	valid_from: fromLocal(from),
	valid_to: fromLocal(to),
	...(host ? { host } : {}),
	...(doors.length ? { doors } : {}),
	...(uses ? { uses: Number(uses) } : {}),
});

function NewDialog({ session, close }: { session: Session; close: () => void }) {
	const { status } = useDesk(),
		{ busy, act } = useAct();
	const [draft, setDraft] = useState(newDraft),
		[tried, setTried] = useState(false);
	const edit = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
	const wrongTitle = titleProblem(draft.title),
		wrongTo = endProblem(draft),
		wrongUses = usesProblem(draft.uses);
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (wrongTitle || wrongTo || wrongUses) return;
		await act(async () => {
			location.hash = `#/passes/${(await post<Pass>('access/passes', bodyOf(draft))).id}`;
		});
	};

	return (
		<Dialog title={t('passes.new')} close={close}>
			<form noValidate onSubmit={(e) => void submit(e)}>
				<TextField
					label={t('passes.forWhom')}
					value={draft.title}
					set={(title) => edit({ title })}
					max={128}
					autocomplete="off"
					error={tried ? wrongTitle : undefined}
					required
				/>
				{may(session, 'manager') && <Host value={draft.host} set={(host) => edit({ host })} />}
				<div class="columns">
					<TextField label={t('passes.from')} type="datetime-local" value={draft.from} set={(from) => edit({ from })} />
					<TextField
						label={t('passes.until')}
						type="datetime-local"
						value={draft.to}
						set={(to) => edit({ to })}
						error={tried ? wrongTo : undefined}
						required
					/>
					<TextField
						label={t('passes.uses')}
						inputMode="numeric"
						value={draft.uses}
						set={(uses) => edit({ uses })}
						max={5}
						placeholder={t('common.noLimit')}
						error={tried ? wrongUses : undefined}
					/>
				</div>
				<Choices
					label={t('common.doors')}
					of={(status?.doors ?? []).map((d) => [d.name, d.name] as const)}
					value={draft.doors}
					set={(doors) => edit({ doors })}
					none={t('common.noneEveryDoor')}
				/>
				<div class="dialog-actions">
					<Button onClick={close}>{t('common.cancel')}</Button>
					<Button kind="main" type="submit" busy={busy}>
						{t('passes.create')}
					</Button>
				</div>
			</form>
		</Dialog>
	);
}

function StateOf({ pass }: { pass: Pass }) {
	if (pass.revoked) return <Badge tone="bad">{t('passes.state.revoked')}</Badge>;
	if (over(pass)) return <Badge>{t('passes.state.over')}</Badge>;
	if (usedUp(pass)) return <Badge tone="warn">{t('passes.state.usedUp')}</Badge>;
	return pass.valid_from && Date.parse(pass.valid_from) > Date.now() ? (
		<Badge tone="info">{t('common.notYet')}</Badge>
	) : (
		<Badge tone="good">{t('passes.state.valid')}</Badge>
	);
}

const span = (pass: Pass): string => `${pass.valid_from ? day(pass.valid_from) : t('passes.now')} – ${day(pass.valid_to)}`;

function One({ id, session }: { id: string; session: Session }) {
	const code = useLoad<{ id: string; code: string }>(`access/passes/${encodeURIComponent(id)}/code`),
		all = useAll<Pass>('access/passes');
	const { status } = useDesk(),
		pass = all.data?.find((p) => p.id === id),
		{ busy, act } = useAct();
	const revoke = async (): Promise<void> => {
		if (!(await ask({ title: t('passes.revoke.confirm'), text: t('passes.revoke.text'), yes: t('passes.revoke'), danger: true })))
			return;
		if (await act(() => call('DELETE', `access/passes/${encodeURIComponent(id)}`), t('passes.revoke.done')))
			location.hash = '#/passes';
	};

	return (
		<Page
			title={t('passes.one')}
			actions={
				<>
					<a class="button plain" href="#/passes">
						{t('passes.all')}
					</a>
					{may(session, 'manager') && pass && !pass.revoked && (
						<Button kind="danger" busy={busy} onClick={() => void revoke()}>
							{t('passes.revoke')}
						</Button>
					)}
					<Button kind="main" icon="paper" onClick={() => print()}>
						{t('common.print')}
					</Button>
				</>
			}
		>
			<Await load={code}>
				{(got) => (
					<Card class="pass">
						<QrCode text={got.code} label={t('passes.qrCode')} />
						<div class="stack">
							<h2>{pass?.title || t('passes.visitor')}</h2>
							<dl class="definition">
								<dt>{t('passes.place')}</dt>
								<dd>{status ? `${status.site} · ${status.gate}` : ''}</dd>
								{pass && (
									<>
										<dt>{t('common.valid')}</dt>
										<dd>{span(pass)}</dd>
									</>
								)}
								{pass?.doors && (
									<>
										<dt>{t('common.doors')}</dt>
										<dd>{pass.doors.join(', ')}</dd>
									</>
								)}
								{pass?.uses !== undefined && (
									<>
										<dt>{t('passes.uses')}</dt>
										<dd>{count(pass.uses)}</dd>
									</>
								)}
								{pass?.host && (
									<>
										<dt>{t('passes.visits')}</dt>
										<dd>
											<PersonName id={pass.host} />
										</dd>
									</>
								)}
							</dl>
							<p class="dim">{t('passes.codeHint')}</p>
						</div>
					</Card>
				)}
			</Await>
		</Page>
	);
}

export default function PassesPage({ session, args: [id] }: PageProps) {
	const load = useAll<Pass>('access/passes'),
		[making, setMaking] = useState(false),
		[old, setOld] = useState(false);
	const head = [t('passes.for'), t('common.state'), t('common.valid'), t('common.used'), t('passes.visits')];

	if (id) return <One key={id} id={id} session={session} />;
	return (
		<Page
			title={t('nav.passes')}
			actions={
				<Button kind="main" icon="plus" onClick={() => setMaking(true)}>
					{t('passes.new')}
				</Button>
			}
		>
			<Await load={load}>
				{(all) => {
					const list = all.filter((p) => old || !(p.revoked || over(p))).reverse();

					return (
						<>
							<div class="row">
								<Button aria-pressed={old} onClick={() => setOld(!old)}>
									{t('passes.showOver')}
								</Button>
							</div>
							{list.length === 0 ? (
								<Card>
									<Empty icon="qr" title={t('passes.none')}>
										{t('passes.noneText')}
									</Empty>
								</Card>
							) : (
								<div class="stacked">
									<Table label={t('nav.passes')} head={head}>
										{list.map((p) => (
											<tr key={p.id}>
												<td data-label={head[0]}>
													{p.revoked ? p.title || p.id : <a href={`#/passes/${p.id}`}>{p.title || p.id}</a>}
												</td>
												<td data-label={head[1]}>
													<StateOf pass={p} />
												</td>
												<td data-label={head[2]}>{span(p)}</td>
												<td data-label={head[3]}>
													{count(p.used)}
													{p.uses ? ` / ${count(p.uses)}` : ''}
												</td>
												<td data-label={head[4]}>{p.host ? <PersonName id={p.host} /> : ''}</td>
											</tr>
										))}
									</Table>
								</div>
							)}
						</>
					);
				}}
			</Await>
			{making && <NewDialog session={session} close={() => setMaking(false)} />}
		</Page>
	);
}

/* Would this person get in, here and then? Asked of the gate's own policy; nothing moves. */
import { useState } from 'preact/hooks';
import { post, type Schemas } from '../api';
import { reasonText, t, word } from '../i18n';
import { ReasonText } from '../reason';
import { useDesk } from '../shell';
import { asProblem, Badge, Button, Card, Failed, Table, TextField, type Tone } from '../ui';
import { Check, Choices, fromLocal, Select } from './parts';
import { PersonPicker, usePeople } from './picker';
import { sayWay } from './rules';

type Verdict = Schemas['Decision'];

const tones: Record<Verdict['outcome'], Tone> = { grant: 'good', deny: 'bad', more: 'warn', guard: 'info' };
const outcome = (v: Verdict): string =>
	({
		grant: t('whatif.outcome.grant'),
		deny: t('whatif.outcome.deny'),
		more: t('whatif.outcome.more'),
		guard: t('whatif.outcome.guard'),
	})[v.outcome];

function Answer({ verdict }: { verdict: Verdict }) {
	return (
		<Card title={t('whatif.answer')} actions={<Badge tone={tones[verdict.outcome]}>{outcome(verdict)}</Badge>}>
			<dl class="definition">
				{verdict.outcome === 'deny' && (
					<>
						<dt>{t('whatif.because')}</dt>
						<dd>{word(verdict.reason)}</dd>
					</>
				)}
				<dt>{t('whatif.decidedBy')}</dt>
				<dd>{word(verdict.rule) || '–'}</dd>
				{verdict.needed && verdict.outcome !== 'grant' && (
					<>
						<dt>{t('whatif.needed')}</dt>
						<dd>
							{(verdict.problem?.code !== 'needs-ways' && verdict.problem && reasonText(verdict.problem)) ||
								verdict.needed
									.split(/,\s*| or /)
									.map(sayWay)
									.join(t('common.or'))}
						</dd>
					</>
				)}
				<dt>{t('whatif.gateTime')}</dt>
				<dd>{verdict.local_time}</dd>
			</dl>
			{verdict.rules.length > 0 && (
				<Table label={t('whatif.eachRule')} head={[t('common.rule'), t('whatif.says')]}>
					{verdict.rules.map((r) => (
						<tr key={r.rule}>
							<td>{word(r.rule)}</td>
							<td>
								<ReasonText text={r.why} reason={r.problem} />
							</td>
						</tr>
					))}
				</Table>
			)}
		</Card>
	);
}

export function WhatIf() {
	const { status } = useDesk(),
		{ people, load } = usePeople();
	const [person, setPerson] = useState(''),
		[door, setDoor] = useState(''),
		[factors, setFactors] = useState(['face']),
		[time, setTime] = useState(''),
		[leaving, setLeaving] = useState(false);
	const [verdict, setVerdict] = useState<Verdict | undefined>(),
		[problem, setProblem] = useState(''),
		[busy, setBusy] = useState(false),
		[tried, setTried] = useState(false);
	const doors = (status?.doors ?? []).map((d) => [d.name, d.name] as const),
		chosen = door || doors[0]?.[0] || '';
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (!person || factors.length === 0 || !chosen) return;
		setBusy(true);
		setProblem('');
		try {
			const at = fromLocal(time);

			setVerdict(
				await post<Verdict>('access/decide', {
					door: chosen,
					person,
					factors,
					...(at ? { time: at } : {}),
					...(leaving ? { leaving } : {}),
				}),
			);
		} catch (error) {
			setVerdict(undefined);
			setProblem(asProblem(error).message);
		}
		setBusy(false);
	};

	if (load.problem && !load.data) return <Failed problem={load.problem} retry={load.reload} />;
	return (
		<div class="split">
			<Card title={t('whatif.question')}>
				<form noValidate onSubmit={(e) => void submit(e)}>
					<PersonPicker
						label={t('common.person')}
						people={people}
						value={person}
						set={setPerson}
						error={tried && !person ? t('whatif.personNone') : undefined}
					/>
					<Select label={t('common.door')} value={chosen} set={setDoor} of={doors} />
					<Choices
						label={t('whatif.shows')}
						of={(['face', 'card', 'pin', 'qr'] as const).map((f) => [f, word(f)] as const)}
						value={factors}
						set={setFactors}
						none={t('whatif.showsNone')}
					/>
					<TextField label={t('common.when')} type="datetime-local" value={time} set={setTime} hint={t('whatif.emptyNow')} />
					<Check label={t('whatif.leaving')} value={leaving} set={setLeaving} />
					<div class="row">
						<Button kind="main" icon="question" type="submit" busy={busy}>
							{t('whatif.ask')}
						</Button>
					</div>
				</form>
			</Card>
			<div role="status">
				{problem && <p class="note bad">{problem}</p>}
				{verdict && <Answer verdict={verdict} />}
			</div>
		</div>
	);
}

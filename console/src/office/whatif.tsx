/* Would this person get in, here and then? Asked of the gate's own policy; nothing moves. */
import { useState } from 'preact/hooks';
import { post } from '../api';
import { t, word } from '../i18n';
import { Said } from '../said';
import { useDesk } from '../shell';
import { asProblem, Badge, Button, Card, Failed, Table, TextField, type Tone } from '../ui';
import { Check, Choices, fromLocal, Select } from './parts';
import { PersonPicker, usePeople } from './picker';
import { sayWay } from './rules';

interface Verdict { outcome: 'grant' | 'deny' | 'more' | 'guard'; reason: string; rule: string; needed: string; local_time: string; rules: { rule: string; why: string }[] }

const tones: Record<Verdict['outcome'], Tone> = { grant: 'good', deny: 'bad', more: 'warn', guard: 'info' };
const outcome = (v: Verdict): string => ({
	grant: t('Would get in', '可以进入'), deny: t('Would be refused', '将被拒绝'), more: t('Would have to show more', '需出示更多凭证'), guard: t('A guard would decide', '由保安决定'),
})[v.outcome];

export function WhatIf() {
	const { status } = useDesk(), { people, load } = usePeople();
	const [person, setPerson] = useState(''), [door, setDoor] = useState(''), [factors, setFactors] = useState(['face']), [time, setTime] = useState(''), [leaving, setLeaving] = useState(false);
	const [verdict, setVerdict] = useState<Verdict | undefined>(), [problem, setProblem] = useState(''), [busy, setBusy] = useState(false), [tried, setTried] = useState(false);
	const doors = (status?.doors ?? []).map((d) => [d.name, d.name] as const), chosen = door || doors[0]?.[0] || '';
	const submit = async (event: Event): Promise<void> => {
		event.preventDefault();
		setTried(true);
		if (!person || factors.length === 0 || !chosen) return;
		setBusy(true);
		setProblem('');
		try {
			const at = fromLocal(time);

			setVerdict(await post<Verdict>('access/decide', { door: chosen, person, factors, ...(at ? { time: at } : {}), ...(leaving ? { leaving } : {}) }));
		} catch (error) {
			setVerdict(undefined);
			setProblem(asProblem(error).message);
		}
		setBusy(false);
	};
	const head = [t('Rule', '规则'), t('What it says', '判断')];

	if (load.problem && !load.data) return <Failed problem={load.problem} retry={load.reload} />;
	return (
		<div class="split">
			<Card title={t('The question', '提问')}>
				<form noValidate onSubmit={(e) => void submit(e)}>
					<PersonPicker label={t('Person', '人员')} people={people} value={person} set={setPerson} error={tried && !person ? t('Choose somebody.', '请选择人员。') : undefined} />
					<Select label={t('Door', '门')} value={chosen} set={setDoor} of={doors} />
					<Choices label={t('Shows', '出示')} of={(['face', 'card', 'pin', 'qr'] as const).map((f) => [f, word(f)] as const)} value={factors} set={setFactors} none={t('Choose at least one.', '请至少选择一项。')} />
					<TextField label={t('When', '时间')} type="datetime-local" value={time} set={setTime} hint={t('Empty: now', '留空：现在')} />
					<Check label={t('On the way out', '外出方向')} value={leaving} set={setLeaving} />
					<div class="row"><Button kind="main" icon="question" type="submit" busy={busy}>{t('Would it open?', '会开门吗？')}</Button></div>
				</form>
			</Card>
			<div role="status">
				{problem && <p class="note bad">{problem}</p>}
				{verdict && (
					<Card title={t('The answer', '结果')} actions={<Badge tone={tones[verdict.outcome]}>{outcome(verdict)}</Badge>}>
						<dl class="definition">
							{verdict.outcome === 'deny' && <><dt>{t('Because', '原因')}</dt><dd>{word(verdict.reason)}</dd></>}
							<dt>{t('Decided by', '依据规则')}</dt><dd>{word(verdict.rule) || '–'}</dd>
							{verdict.needed && verdict.outcome !== 'grant' && <><dt>{t('It would take', '需要')}</dt><dd>{verdict.needed.split(/,\s*| or /).map(sayWay).join(t(' or ', ' 或 '))}</dd></>}
							<dt>{t("By the gate's clock", '闸机时间')}</dt><dd>{verdict.local_time}</dd>
						</dl>
						{verdict.rules.length > 0 && <Table label={t('How each rule sees it', '各规则判断')} head={head}>{verdict.rules.map((r) => <tr key={r.rule}><td>{word(r.rule)}</td><td><Said text={r.why} /></td></tr>)}</Table>}
					</Card>
				)}
			</div>
		</div>
	);
}

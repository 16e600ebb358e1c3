/* One entry of the log: in a line, and in full. */
import { useState } from 'preact/hooks';
import { get, type Answer, type EventRow } from '../api';
import { reasonText, t, word, type Reason } from '../i18n';
import { DataName, ReasonText } from '../reason';
import { originText } from '../origin';
import { asProblem, Badge, Button, Dialog, PersonName } from '../ui';
import { day } from './parts';

const text = (value: unknown): string =>
	typeof value === 'string'
		? value
		: typeof value === 'number' || typeof value === 'boolean'
			? String(value)
			: JSON.stringify(value);
const SAID = [
	'factor',
	'reason',
	'mode',
	'verdict',
	'cause',
	'rule',
	'camera',
	'reader',
	'file',
	'user',
	'kind',
	'id',
	'title',
	'version',
] as const;

/** The gate's reason in the user's language; undefined: the event has none, or the page does not know it. */
const reasonOf = (data: EventRow['data']): string | undefined =>
	data['problem'] ? reasonText(data['problem'] as Reason) : undefined;

/** What a text of the data means, where the event holds its code: the reason, of a denial what was needed, of a pass its flaw. */
function meaningOf(event: EventRow, key: string): string | undefined {
	const codes = {
			[event.type === 'access.denied' ? 'needed' : 'reason']: 'problem',
			flaw: 'flaw_problem',
			evidence_error: 'evidence_problem',
		},
		reason = event.data[codes[key] ?? ''];

	return reason ? reasonText(reason as Reason) : undefined;
}

/** What the data says that people want to know at a glance. */
export function summary(event: EventRow): string {
	const data = event.data,
		said: string[] = [];

	if (event.type === 'operator.act') said.push(word(text(data['act'] ?? '')));
	if (data['origin']) said.push(originText(data));
	for (const key of SAID) {
		const value = data[key];

		if (key === 'rule' && event.type === 'access.denied') continue; /* the reason says it */
		if (typeof value === 'string' && value !== '')
			said.push((key === 'reason' && event.type !== 'access.denied' && reasonOf(data)) || word(value));
	}
	if (typeof data['by'] === 'string') said.push(data['by'] === 'socket' ? word('socket') : t('event.by', { by: data['by'] }));
	return said.join(' · ');
}

export const SeverityBadge = ({ severity }: { severity: EventRow['severity'] }) => (
	<Badge tone={severity === 'alarm' ? 'bad' : severity === 'warning' ? 'warn' : 'calm'}>{word(severity)}</Badge>
);

type Explanation = Answer<'/access/explain/{seq}', 'get'>;

function Why({ seq }: { seq: number }) {
	const [why, setWhy] = useState<Explanation | undefined>(),
		[problem, setProblem] = useState(''),
		[busy, setBusy] = useState(false);
	const explain = async (): Promise<void> => {
		setBusy(true);
		try {
			setWhy(await get<Explanation>(`access/explain/${seq}`));
		} catch (error) {
			setProblem(asProblem(error).message);
		}
		setBusy(false);
	};

	if (problem)
		return (
			<p class="note bad" role="alert">
				{problem}
			</p>
		);
	if (!why)
		return (
			<div>
				<Button icon="question" busy={busy} onClick={() => void explain()}>
					{t('event.explain')}
				</Button>
			</div>
		);
	return (
		<ul class="why" aria-label={t('common.why')}>
			{why.lines.map((line, i) => (
				<li key={i}>
					<ReasonText text={line} reason={why.reasons[i]} />
				</li>
			))}
		</ul>
	);
}

/** What a value of the data means in the user's language, where that is not how it stands there. */
function Meaning({ of: value, reason }: { of: unknown; reason: string | undefined }) {
	const meaning = reason ?? (typeof value === 'string' ? word(value) : value);

	return typeof meaning === 'string' && meaning !== value ? <span class="dim"> ({meaning})</span> : null;
}

export function EventDialog({
	event,
	close,
	only,
}: {
	event: EventRow;
	close: () => void;
	only: (filter: { person?: string; type?: string }) => void;
}) {
	return (
		<Dialog title={`${word(event.type)} · ${event.seq}`} close={close} wide>
			<dl class="definition">
				<dt>{t('common.time')}</dt>
				<dd>
					{day(event.time)} <span class="mono dim">{event.time}</span>
				</dd>
				<dt>{t('event.type')}</dt>
				<dd>
					<button type="button" class="textlink mono" onClick={() => only({ type: event.type })}>
						{event.type}
					</button>{' '}
					<SeverityBadge severity={event.severity} />
				</dd>
				{event.source && (
					<>
						<dt>{t('event.source')}</dt>
						<dd class="mono">{event.source}</dd>
					</>
				)}
				{event.person && (
					<>
						<dt>{t('common.person')}</dt>
						<dd>
							<button type="button" class="textlink" onClick={() => only({ person: event.person ?? '' })}>
								<PersonName id={event.person} />
							</button>{' '}
							<span class="mono dim">{event.person}</span>
						</dd>
					</>
				)}
				{Object.entries(event.data)
					.filter(([key]) => !['v', 'problem', 'flaw_problem', 'evidence_problem'].includes(key))
					.map(([key, value]) => (
						<>
							<dt key={`${key}-t`}>
								<DataName name={key} />
							</dt>
							<dd key={key}>
								{typeof value === 'object' && value !== null ? (
									<pre class="mono">{JSON.stringify(value, null, 1)}</pre>
								) : (
									<>
										{text(value)}
										<Meaning of={value} reason={meaningOf(event, key)} />
									</>
								)}
							</dd>
						</>
					))}
				<dt>{t('event.hash')}</dt>
				<dd class="mono">{event.hash}</dd>
				<dt>{t('common.previousHash')}</dt>
				<dd class="mono">{String((event as { prev?: string }).prev ?? '')}</dd>
			</dl>
			{/^access\.(granted|denied)$/.test(event.type) && <Why seq={event.seq} />}
		</Dialog>
	);
}

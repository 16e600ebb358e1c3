/* People from a CSV file: checked first, then all of it or nothing. */
import { useRef, useState } from 'preact/hooks';
import { call, type Answer } from '../api';
import { count, plural, t } from '../i18n';
import { Said } from '../said';
import { asProblem, Badge, Button, Card, Table, toast } from '../ui';

type Found = Answer<'/people/import', 'post'>;

const BYTES_MAX = 4 * 1024 * 1024;
const SAMPLE = 'name,valid_from,valid_to\r\n张伟,,\r\nLi Na,2026-12-01,2027-11-30\r\n';

export function Import() {
	const input = useRef<HTMLInputElement>(null),
		[file, setFile] = useState<File | undefined>(),
		[answer, setAnswer] = useState<Found | undefined>();
	const [problem, setProblem] = useState(''),
		[busy, setBusy] = useState(false),
		[over, setOver] = useState(false);
	const send = async (from: File, dry: boolean): Promise<void> => {
		setBusy(true);
		setProblem('');
		try {
			const got = await call<Found>('POST', `people/import?dry_run=${dry ? 1 : 0}`, new Blob([from], { type: 'text/csv' }));

			setAnswer(got);
			if (!dry && got.error_count === 0) toast(plural('import.added', got.added));
		} catch (error) {
			setProblem(asProblem(error).message);
		}
		setBusy(false);
	};
	const choose = (next: File | undefined): void => {
		if (!next) return;
		setFile(next);
		setAnswer(undefined);
		if (next.size > BYTES_MAX) setProblem(t('import.tooLarge'));
		else void send(next, true);
	};
	const head = [t('import.line'), t('import.problem')];
	const ready = answer?.dry_run && answer.error_count === 0 && answer.people > 0;

	return (
		<div class="stack">
			<Card title={t('import.step1')}>
				<p>{t('import.format')}</p>
				<div
					class={over ? 'drop over' : 'drop'}
					onDragOver={(e) => {
						e.preventDefault();
						setOver(true);
					}}
					onDragLeave={() => setOver(false)}
					onDrop={(e) => {
						e.preventDefault();
						setOver(false);
						choose(e.dataTransfer?.files[0]);
					}}
				>
					<p>{file ? file.name : t('import.dropHere')}</p>
					<div class="row">
						<Button kind={ready ? 'plain' : 'main'} busy={busy} onClick={() => input.current?.click()}>
							{t('import.chooseFile')}
						</Button>
						<a class="button plain" download="people.csv" href={`data:text/csv;charset=utf-8,${encodeURIComponent(SAMPLE)}`}>
							{t('import.template')}
						</a>
					</div>
					<input
						ref={input}
						type="file"
						accept=".csv,text/csv"
						hidden
						aria-label={t('import.csvFile')}
						onChange={(e) => {
							choose(e.currentTarget.files?.[0]);
							e.currentTarget.value = '';
						}}
					/>
				</div>
			</Card>
			{problem && (
				<p class="note bad" role="alert">
					{problem}
				</p>
			)}
			{answer && (
				<Card
					title={answer.dry_run ? t('import.step2') : t('import.step3')}
					actions={
						<Badge tone={answer.error_count > 0 ? 'bad' : 'good'}>
							{answer.error_count > 0 ? plural('import.mistakeCount', answer.error_count) : t('import.noMistakes')}
						</Badge>
					}
				>
					<p role="status">
						{answer.dry_run
							? plural('import.found', answer.people)
							: plural('import.addedOf', answer.people, { added: count(answer.added) })}
					</p>
					{answer.errors.length > 0 && (
						<>
							<p class="note bad">{t('import.mistakesHint')}</p>
							<Table label={t('import.mistakes')} head={head}>
								{answer.errors.map((e, i) => (
									<tr key={i}>
										<td class="right">{e.line || '–'}</td>
										<td>
											<Said text={e.problem} />
										</td>
									</tr>
								))}
							</Table>
							{answer.error_count > answer.errors.length && (
								<p class="dim">{t('import.firstShown', { count: answer.errors.length })}</p>
							)}
						</>
					)}
					{ready && file && (
						<div>
							<Button kind="main" busy={busy} onClick={() => void send(file, false)}>
								{plural('import.importPeople', answer.people)}
							</Button>
						</div>
					)}
					{!answer.dry_run && (
						<div>
							<a class="button plain" href="#/people">
								{t('common.backToPeople')}
							</a>
						</div>
					)}
				</Card>
			)}
		</div>
	);
}

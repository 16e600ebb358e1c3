/* People from a CSV file: checked first, then all of it or nothing. */
import { useState } from 'preact/hooks';
import { call, type Answer } from '../api';
import { count, plural, t } from '../i18n';
import { ReasonText } from '../reason';
import { asProblem, Badge, Button, Card, Table, toast } from '../ui';
import { DropZone } from './parts';

type Found = Answer<'/people/import', 'post'>;

const BYTES_MAX = 4 * 1024 * 1024;
const SAMPLE = 'name,valid_from,valid_to\r\n张伟,,\r\nLi Na,2026-12-01,2027-11-30\r\n';

/** The lines that are wrong, as far as the gate names them. */
function Mistakes({ found }: { found: Found }) {
	return (
		<>
			<p class="note bad">{t('import.mistakesHint')}</p>
			<Table label={t('import.mistakes')} head={[t('import.line'), t('import.problem')]}>
				{found.errors.map((e, i) => (
					<tr key={i}>
						<td class="right">{e.line || '–'}</td>
						<td>
							<ReasonText text={e.problem} reason={e} />
						</td>
					</tr>
				))}
			</Table>
			{found.error_count > found.errors.length && <p class="dim">{t('import.firstShown', { count: found.errors.length })}</p>}
		</>
	);
}

/** What a file says, and what became of it. importAll: undefined where it cannot be imported. */
function Outcome({ found, busy, importAll }: { found: Found; busy: boolean; importAll: (() => void) | undefined }) {
	return (
		<Card
			title={found.dry_run ? t('import.step2') : t('import.step3')}
			actions={
				<Badge tone={found.error_count > 0 ? 'bad' : 'good'}>
					{found.error_count > 0 ? plural('import.mistakeCount', found.error_count) : t('import.noMistakes')}
				</Badge>
			}
		>
			<p role="status">
				{found.dry_run
					? plural('import.found', found.people)
					: plural('import.addedOf', found.people, { added: count(found.added) })}
			</p>
			{found.errors.length > 0 && <Mistakes found={found} />}
			{importAll && (
				<div>
					<Button kind="main" busy={busy} onClick={importAll}>
						{plural('import.importPeople', found.people)}
					</Button>
				</div>
			)}
			{!found.dry_run && (
				<div>
					<a class="button plain" href="#/people">
						{t('common.backToPeople')}
					</a>
				</div>
			)}
		</Card>
	);
}

export function Import() {
	const [file, setFile] = useState<File | undefined>(),
		[found, setFound] = useState<Found | undefined>();
	const [problem, setProblem] = useState(''),
		[busy, setBusy] = useState(false);
	const send = async (from: File, dry: boolean): Promise<void> => {
		setBusy(true);
		setProblem('');
		try {
			const got = await call<Found>('POST', `people/import?dry_run=${dry ? 1 : 0}`, new Blob([from], { type: 'text/csv' }));

			setFound(got);
			if (!dry && got.error_count === 0) toast(plural('import.added', got.added));
		} catch (error) {
			setProblem(asProblem(error).message);
		}
		setBusy(false);
	};
	const choose = (next: File | undefined): void => {
		if (!next) return;
		setFile(next);
		setFound(undefined);
		if (next.size > BYTES_MAX) setProblem(t('import.tooLarge'));
		else void send(next, true);
	};
	const ready = found?.dry_run && found.error_count === 0 && found.people > 0;

	return (
		<div class="stack">
			<Card title={t('import.step1')}>
				<p>{t('import.format')}</p>
				<DropZone label={t('import.csvFile')} accept=".csv,text/csv" take={([first]) => choose(first)}>
					{(open) => (
						<>
							<p>{file ? file.name : t('import.dropHere')}</p>
							<div class="row">
								<Button kind={ready ? 'plain' : 'main'} busy={busy} onClick={open}>
									{t('import.chooseFile')}
								</Button>
								<a class="button plain" download="people.csv" href={`data:text/csv;charset=utf-8,${encodeURIComponent(SAMPLE)}`}>
									{t('import.template')}
								</a>
							</div>
						</>
					)}
				</DropZone>
			</Card>
			{problem && (
				<p class="note bad" role="alert">
					{problem}
				</p>
			)}
			{found && <Outcome found={found} busy={busy} importAll={ready && file ? () => void send(file, false) : undefined} />}
		</div>
	);
}

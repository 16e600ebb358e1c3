/* People from a CSV file: checked first, then all of it or nothing. */
import { useRef, useState } from 'preact/hooks';
import { call } from '../api';
import { count, t } from '../i18n';
import { Said } from '../said';
import { asProblem, Badge, Button, Card, Table, toast } from '../ui';

interface Answer { dry_run: boolean; people: number; added: number; error_count: number; errors: { line: number; problem: string }[] }

const BYTES_MAX = 4 * 1024 * 1024;
const SAMPLE = 'name,valid_from,valid_to\r\n张伟,,\r\nLi Na,2026-12-01,2027-11-30\r\n';

export function Import() {
	const input = useRef<HTMLInputElement>(null), [file, setFile] = useState<File | undefined>(), [answer, setAnswer] = useState<Answer | undefined>();
	const [problem, setProblem] = useState(''), [busy, setBusy] = useState(false), [over, setOver] = useState(false);
	const send = async (from: File, dry: boolean): Promise<void> => {
		setBusy(true);
		setProblem('');
		try {
			const got = await call<Answer>('POST', `people/import?dry_run=${dry ? 1 : 0}`, new Blob([from], { type: 'text/csv' }));

			setAnswer(got);
			if (!dry && got.error_count === 0) toast(t(`${count(got.added)} people added.`, `已添加 ${count(got.added)} 人。`));
		} catch (error) {
			setProblem(asProblem(error).message);
		}
		setBusy(false);
	};
	const choose = (next: File | undefined): void => {
		if (!next) return;
		setFile(next);
		setAnswer(undefined);
		if (next.size > BYTES_MAX) setProblem(t('The file is larger than 4 MB: split it.', '文件超过 4 MB，请拆分。'));
		else void send(next, true);
	};
	const head = [t('Line', '行号'), t('What is wrong', '问题')];
	const ready = answer?.dry_run && answer.error_count === 0 && answer.people > 0;

	return (
		<div class="stack">
			<Card title={t('1. The file', '1. 选择文件')}>
				<p>{t('CSV in UTF-8. The first line names the columns: name, and if wanted valid_from and valid_to (2026-11-21 or 2026-11-21T08:00:00Z).', 'UTF-8 编码的 CSV。首行为列名：name，可选 valid_from、valid_to（2026-11-21 或 2026-11-21T08:00:00Z）。')}</p>
				<div class={over ? 'drop over' : 'drop'} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
					onDrop={(e) => { e.preventDefault(); setOver(false); choose(e.dataTransfer?.files[0]); }}>
					<p>{file ? file.name : t('Drop the file here.', '将文件拖放到此处。')}</p>
					<div class="row"><Button kind={ready ? 'plain' : 'main'} busy={busy} onClick={() => input.current?.click()}>{t('Choose a file', '选择文件')}</Button>
						<a class="button plain" download="people.csv" href={`data:text/csv;charset=utf-8,${encodeURIComponent(SAMPLE)}`}>{t('A file to begin with', '下载模板')}</a></div>
					<input ref={input} type="file" accept=".csv,text/csv" hidden aria-label={t('CSV file', 'CSV 文件')} onChange={(e) => { choose(e.currentTarget.files?.[0]); e.currentTarget.value = ''; }} />
				</div>
			</Card>
			{problem && <p class="note bad" role="alert">{problem}</p>}
			{answer && (
				<Card title={answer.dry_run ? t('2. What it says', '2. 检查结果') : t('3. Done', '3. 导入结果')} actions={<Badge tone={answer.error_count > 0 ? 'bad' : 'good'}>{answer.error_count > 0 ? t(`${count(answer.error_count)} mistakes`, `${count(answer.error_count)} 处错误`) : t('no mistakes', '没有错误')}</Badge>}>
					<p role="status">{answer.dry_run ? t(`${count(answer.people)} people found. Nothing was changed yet.`, `找到 ${count(answer.people)} 人，尚未做任何更改。`) : t(`${count(answer.added)} of ${count(answer.people)} people added.`, `已添加 ${count(answer.people)} 人中的 ${count(answer.added)} 人。`)}</p>
					{answer.errors.length > 0 && (
						<>
							<p class="note bad">{t('With a mistake in it nothing of a file is imported: mend these lines and choose it again.', '文件有错误时不会导入任何内容：请修正以下各行后重新选择。')}</p>
							<Table label={t('Mistakes', '错误')} head={head}>{answer.errors.map((e, i) => <tr key={i}><td class="right">{e.line || '–'}</td><td><Said text={e.problem} /></td></tr>)}</Table>
							{answer.error_count > answer.errors.length && <p class="dim">{t(`The first ${answer.errors.length} are shown.`, `仅显示前 ${answer.errors.length} 处。`)}</p>}
						</>
					)}
					{ready && file && <div><Button kind="main" busy={busy} onClick={() => void send(file, false)}>{t(`Import ${count(answer.people)} people`, `导入 ${count(answer.people)} 人`)}</Button></div>}
					{!answer.dry_run && <div><a class="button plain" href="#/people">{t('To the people', '返回人员')}</a></div>}
				</Card>
			)}
		</div>
	);
}

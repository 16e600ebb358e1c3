/* The check of the log's chain, with how far it has come. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, post } from '../api';
import { count, t } from '../i18n';
import { Said } from '../said';
import { asProblem, Button, Dialog } from '../ui';

interface Progress { running: boolean; rows: number; of: number }
interface Result { ok: boolean; rows: number; seq: number; reason?: string | null }

const POLL_MS = 300;

export function VerifyDialog({ close }: { close: () => void }) {
	const [progress, setProgress] = useState<Progress | undefined>(), [result, setResult] = useState<Result | undefined>(), [problem, setProblem] = useState('');
	const gone = useRef(false);

	useEffect(() => {
		const timer = window.setInterval(() => void get<Progress>('audit/verify').then((p) => { if (!gone.current && p.running) setProgress(p); }, () => undefined), POLL_MS);

		post<Result>('audit/verify').then((r) => { if (!gone.current) setResult(r); }, (e: unknown) => { if (!gone.current) setProblem(asProblem(e).message); })
			.finally(() => window.clearInterval(timer));
		return () => { gone.current = true; window.clearInterval(timer); };
	}, []);
	return (
		<Dialog title={t('Check of the log', '日志校验')} close={close}>
			<div role="status">
				{problem ? <p class="note bad">{problem}</p>
				: result ? (result.ok
					? <p class="note good">{t(`The chain is whole: ${count(result.rows)} entries, each one follows from the one before.`, `链完整：共 ${count(result.rows)} 条，逐条衔接无误。`)}</p>
					: <p class="note bad">{t(`The chain is broken at entry ${result.seq}: `, `链在第 ${result.seq} 条处断裂：`)}<Said text={result.reason ?? ''} /></p>)
				: <p>{t('Every entry is computed again…', '正在逐条重新计算…')} {progress && `${count(progress.rows)} / ${count(progress.of)}`}</p>}
			</div>
			{!result && !problem && <progress aria-label={t('Entries checked', '已校验条数')} {...(progress && progress.of > 0 ? { value: progress.rows, max: progress.of } : {})} />}
			{!result && !problem && <p class="dim">{t('The gate goes on working. You may close this; the check then ends unseen.', '闸机照常工作。可关闭此窗口，校验将在后台结束。')}</p>}
			<div class="dialog-actions"><Button kind={result || problem ? 'main' : 'plain'} onClick={close}>{t('Close', '关闭')}</Button></div>
		</Dialog>
	);
}

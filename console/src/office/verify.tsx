/* The check of the log's chain, with how far it has come. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, post, type Answer } from '../api';
import { count, t } from '../i18n';
import { ReasonText } from '../reason';
import { asProblem, Button, Dialog } from '../ui';

type Progress = Answer<'/audit/verify', 'get'>;
type Result = Answer<'/audit/verify', 'post'>;

const POLL_MS = 300;

export function VerifyDialog({ close }: { close: () => void }) {
	const [progress, setProgress] = useState<Progress | undefined>(),
		[result, setResult] = useState<Result | undefined>(),
		[problem, setProblem] = useState('');
	const gone = useRef(false);

	useEffect(() => {
		const timer = window.setInterval(
			() =>
				void get<Progress>('audit/verify').then(
					(p) => {
						if (!gone.current && p.running) setProgress(p);
					},
					() => undefined,
				),
			POLL_MS,
		);

		post<Result>('audit/verify')
			.then(
				(r) => {
					if (!gone.current) setResult(r);
				},
				(e: unknown) => {
					if (!gone.current) setProblem(asProblem(e).message);
				},
			)
			.finally(() => window.clearInterval(timer));
		return () => {
			gone.current = true;
			window.clearInterval(timer);
		};
	}, []);
	return (
		<Dialog title={t('verify.title')} close={close}>
			<div role="status">
				{problem ? (
					<p class="note bad">{problem}</p>
				) : result ? (
					result.ok ? (
						<p class="note good">{t('verify.whole', { count: count(result.rows) })}</p>
					) : (
						<p class="note bad">
							{t('verify.broken', { seq: result.seq })}
							<ReasonText text={result.reason ?? ''} reason={result.problem} />
						</p>
					)
				) : (
					<p>
						{t('verify.running')} {progress && `${count(progress.rows)} / ${count(progress.of)}`}
					</p>
				)}
			</div>
			{!result && !problem && (
				<progress
					aria-label={t('verify.progress')}
					{...(progress && progress.of > 0 ? { value: progress.rows, max: progress.of } : {})}
				/>
			)}
			{!result && !problem && <p class="dim">{t('verify.closeHint')}</p>}
			<div class="dialog-actions">
				<Button kind={result || problem ? 'main' : 'plain'} onClick={close}>
					{t('common.close')}
				</Button>
			</div>
		</Dialog>
	);
}

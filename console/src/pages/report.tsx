/* The month for the notice board: one printed page, figures alone, found again by the anchor printed on it. */
import { useState } from 'preact/hooks';
import type { Schemas } from '../api';
import { count, locale, t, word } from '../i18n';
import { lasting } from '../office/parts';
import { Await, Button, Page, TextField, useLoad } from '../ui';

type Counts = Record<string, number>;
type Report = Schemas['Report'];

const sum = (counts: Counts): number => Object.values(counts).reduce((a, b) => a + b, 0);
const thisMonth = (): string => new Date().toISOString().slice(0, 7);
const monthName = (month: string): string =>
	new Date(`${month}-15T00:00:00Z`).toLocaleDateString(locale(), { year: 'numeric', month: 'long', timeZone: 'UTC' });

/** Figures with their sum; none is said, not left out. */
function Figures({
	title,
	counts,
	total = true,
	unit,
}: {
	title: string;
	counts: Counts;
	total?: boolean;
	unit?: (n: number) => string;
}) {
	const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]),
		say = unit ?? count;

	return (
		<section class="figures">
			<h3>
				{title}
				{total && <strong>{say(sum(counts))}</strong>}
			</h3>
			{rows.length === 0 ? (
				<p class="dim">{t('report.none')}</p>
			) : (
				<table aria-label={title}>
					<tbody>
						{rows.map(([name, n]) => (
							<tr key={name}>
								<th scope="row">{word(name)}</th>
								<td class="right">{say(n)}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</section>
	);
}

const hours = (n: number): string => t('report.hours', { hours: n.toFixed(1) });

function Sheet({ report }: { report: Report }) {
	const { review, anchor } = report;
	const other = sum(report.alerts) - sum(report.verdicts);

	return (
		<article class="card sheet-paper" aria-label={t('report.label')}>
			<header>
				<h2>
					{t('report.heading')} · {monthName(report.month)}
				</h2>
				<p>
					{report.site} · {report.gate}
				</p>
			</header>
			<div class="sheet-grid">
				<Figures title={t('report.entries')} counts={report.entries} />
				<Figures title={t('report.denials')} counts={report.denials} />
				<Figures title={t('report.throws')} counts={report.alerts} />
				<Figures
					title={t('report.verdicts')}
					counts={{ ...report.verdicts, ...(other > 0 ? { [t('report.unreviewed')]: other } : {}) }}
					total={false}
				/>
				<section class="figures">
					<h3>{t('report.reviewTime')}</h3>
					{review.reviewed === 0 ? (
						<p class="dim">{t('report.none')}</p>
					) : (
						<table aria-label={t('report.reviewTime')}>
							<tbody>
								<tr>
									<th scope="row">{t('report.reviewTime.half')}</th>
									<td class="right">{lasting(review.median_s ?? 0)}</td>
								</tr>
								<tr>
									<th scope="row">{t('report.reviewTime.nineOfTen')}</th>
									<td class="right">{lasting(review.p90_s ?? 0)}</td>
								</tr>
							</tbody>
						</table>
					)}
				</section>
				<Figures title={t('report.blind')} counts={report.blind_hours} unit={hours} total={false} />
				<Figures title={t('report.views')} counts={report.video_looks} />
				<Figures title={t('report.faults')} counts={report.faults} />
				<Figures
					title={t('report.erasures')}
					counts={Object.fromEntries(
						Object.entries(report.erasures).map(([k, n]) => [k === 'people' ? t('report.erasures.people') : k, n]),
					)}
					total={false}
				/>
			</div>
			<footer>
				{anchor ? (
					<p>
						{t('report.anchor')} {anchor.event ?? ''}: {t('report.upToEntry', { seq: anchor.seq ?? '' })},{' '}
						<span class="mono">{anchor.hash ?? ''}</span>
						<br />
						{t('report.signature')}: <span class="mono">{anchor.sig ?? ''}</span>
					</p>
				) : (
					<p>{t('report.noAnchor')}</p>
				)}
				<p class="dim">{t('report.privacy')}</p>
			</footer>
		</article>
	);
}

export default function ReportPage() {
	const [month, setMonth] = useState(thisMonth()),
		fit = /^\d{4}-(0[1-9]|1[0-2])$/.test(month);
	const load = useLoad<Report>(fit ? `report?month=${month}` : null);

	return (
		<Page
			title={t('nav.report')}
			actions={
				<>
					<TextField label={t('report.month')} type="month" value={month} set={setMonth} {...{ max: 7 }} />
					<Button kind="main" icon="paper" disabled={!load.data} onClick={() => print()}>
						{t('common.print')}
					</Button>
				</>
			}
		>
			{!fit ? (
				<p class="note warn" role="status">
					{t('report.chooseMonth')}
				</p>
			) : (
				<Await load={load}>{(report) => <Sheet report={report} />}</Await>
			)}
		</Page>
	);
}

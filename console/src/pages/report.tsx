/* The month for the notice board: one printed page, figures alone, found again by the anchor printed on it. */
import { useState } from 'preact/hooks';
import { count, language, t, word } from '../i18n';
import { lasting } from '../office/parts';
import type { PageProps } from '../routes';
import { Await, Button, Page, TextField, useLoad } from '../ui';

type Counts = Record<string, number>;
interface Report {
	site: string; gate: string; month: string; entries: Counts; denials: Counts; alerts: Counts; verdicts: Counts;
	review: { reviewed: number; median_s: number | null; p90_s: number | null }; video_looks: Counts; faults: Counts; erasures: Counts; blind_hours: Counts;
	anchor: { seq?: number; hash?: string; sig?: string; key?: string; event?: number } | null;
}

const sum = (counts: Counts): number => Object.values(counts).reduce((a, b) => a + b, 0);
const thisMonth = (): string => new Date().toISOString().slice(0, 7);
const monthName = (month: string): string => new Date(`${month}-15T00:00:00Z`).toLocaleDateString(language() === 'zh' ? 'zh-CN' : 'en-GB', { year: 'numeric', month: 'long', timeZone: 'UTC' });

/** Figures with their sum; none is said, not left out. */
function Figures({ title, counts, total = true, unit }: { title: string; counts: Counts; total?: boolean; unit?: (n: number) => string }) {
	const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]), say = unit ?? count;

	return (
		<section class="figures">
			<h3>{title}{total && <strong>{say(sum(counts))}</strong>}</h3>
			{rows.length === 0 ? <p class="dim">{t('none', '无')}</p> : (
				<table aria-label={title}><tbody>{rows.map(([name, n]) => <tr key={name}><th scope="row">{word(name)}</th><td class="right">{say(n)}</td></tr>)}</tbody></table>
			)}
		</section>
	);
}

const hours = (n: number): string => t(`${n.toFixed(1)} h`, `${n.toFixed(1)} 小时`);

function Sheet({ report }: { report: Report }) {
	const { review, anchor } = report;
	const other = sum(report.alerts) - sum(report.verdicts);

	return (
		<article class="card sheet-paper" aria-label={t('The report', '公示内容')}>
			<header>
				<h2>{t('What the gate did', '门禁运行公示')} · {monthName(report.month)}</h2>
				<p>{report.site} · {report.gate}</p>
			</header>
			<div class="sheet-grid">
				<Figures title={t('Entries, by what was shown', '通行次数（按凭证）')} counts={report.entries} />
				<Figures title={t('Denials, by reason', '拒绝次数（按原因）')} counts={report.denials} />
				<Figures title={t('Thrown objects, by grade', '高空抛物（按等级）')} counts={report.alerts} />
				<Figures title={t('What guards found', '审核结论')} counts={{ ...report.verdicts, ...(other > 0 ? { [t('not reviewed by the end of the month', '月末尚未审核')]: other } : {}) }} total={false} />
				<section class="figures">
					<h3>{t('Time from alert to verdict', '从报警到审核')}</h3>
					{review.reviewed === 0 ? <p class="dim">{t('none', '无')}</p> : (
						<table aria-label={t('Time from alert to verdict', '从报警到审核')}><tbody>
							<tr><th scope="row">{t('half of them within', '半数在此时间内')}</th><td class="right">{lasting(review.median_s ?? 0)}</td></tr>
							<tr><th scope="row">{t('nine of ten within', '九成在此时间内')}</th><td class="right">{lasting(review.p90_s ?? 0)}</td></tr>
						</tbody></table>)}
				</section>
				<Figures title={t('Hours in which cameras saw nothing', '摄像机失明时长')} counts={report.blind_hours} unit={hours} total={false} />
				<Figures title={t('How often video was looked at, by role', '查看录像次数（按角色）')} counts={report.video_looks} />
				<Figures title={t('Faults', '故障')} counts={report.faults} />
				<Figures title={t('Erasures on request', '应要求删除')} counts={Object.fromEntries(Object.entries(report.erasures).map(([k, n]) => [k === 'people' ? t('people', '人员') : k, n]))} total={false} />
			</div>
			<footer>
				{anchor ? (
					<p>{t('These figures come from the log of the gate alone and can be counted again. Signed anchor of the log, entry', '以上数字全部来自门禁日志，可重新统计核对。日志签名锚点，条目')} {anchor.event ?? ''}:
						{' '}{t('up to entry', '截至第')} {anchor.seq ?? ''}{t('', ' 条')}, <span class="mono">{anchor.hash ?? ''}</span><br />
						{t('Signature', '签名')}: <span class="mono">{anchor.sig ?? ''}</span></p>
				) : <p>{t('The log has no signed anchor of this month yet: these figures are not final.', '本月日志尚无签名锚点，以上数字非最终结果。')}</p>}
				<p class="dim">{t('No name, picture or number of any person stands in this report. Months are counted in UTC.', '本公示不含任何个人的姓名、照片或编号。月份按 UTC 计算。')}</p>
			</footer>
		</article>
	);
}

export default function ReportPage(_: PageProps) {
	const [month, setMonth] = useState(thisMonth()), fit = /^\d{4}-(0[1-9]|1[0-2])$/.test(month);
	const load = useLoad<Report>(fit ? `report?month=${month}` : null);

	return (
		<Page title={t('Monthly report', '月度公示')} actions={<>
			<TextField label={t('Month', '月份')} type="month" value={month} set={setMonth} {...{ max: 7 }} />
			<Button kind="main" icon="paper" disabled={!load.data} onClick={() => print()}>{t('Print', '打印')}</Button></>}>
			{!fit ? <p class="note warn" role="status">{t('Choose a month, such as 2026-11.', '请选择月份，例如 2026-11。')}</p> : <Await load={load}>{(report) => <Sheet report={report} />}</Await>}
		</Page>
	);
}

/* When: schedules drawn on a week with their exceptions, and the holidays. */
import { useMemo, useState } from 'preact/hooks';
import { t, word } from '../i18n';
import { Await, Button, Card, Empty, Table, TextField } from '../ui';
import { Editor, RowActions, type Named } from './editor';
import { Select, useAll } from './parts';
import { DAYS, formatWeek, intervalProblem, minutes, parseWeek, weekProblem, type Interval } from './week';
import { WeekGrid } from './weekgrid';

export interface Schedule extends Named { week: string[]; except?: string[]; holidays?: 'follow' | 'ignore' }
interface Holiday extends Named { date: string; to?: string; as?: string }

const EXCEPTIONS_MAX = 64;
const NEW: Schedule = { id: '', title: '', week: formatWeek([0, 1, 2, 3, 4].map((day) => ({ day, from: 480, to: 1080 }))) };

export function sayWeek(week: readonly string[]): string {
	return week.map((span) => span.replace(/\b(mon|tue|wed|thu|fri|sat|sun|holiday)\b/g, (d) => word(d)).replace('daily', t('every day', '每天')).replace('+1', t(' (next day)', '（次日）'))).join(t('; ', '；'));
}

/* ---- exceptions: one date each ---- */

interface Exception { date: string; closed: boolean; from: string; to: string }
const parseException = (text: string): Exception => {
	const [date = '', rest = 'closed'] = text.split(' '), [from = '', to = ''] = rest.split('-');

	return rest === 'closed' ? { date, closed: true, from: '08:00', to: '12:00' } : { date, closed: false, from, to };
};
const formatException = (e: Exception): string => (e.closed ? `${e.date} closed` : `${e.date} ${e.from}-${e.to}`);
function exceptionProblem(text: string): string | undefined {
	const e = parseException(text), next = e.to.endsWith('+1');

	if (!/^\d{4}-\d\d-\d\d$/.test(e.date)) return t('A date is missing.', '请选择日期。');
	return e.closed ? undefined : intervalProblem(minutes(e.from), minutes(e.to.replace('+1', '')) + (next ? 1440 : 0));
}

function Exceptions({ value, set, tried }: { value: string[]; set: (value: string[]) => void; tried: boolean }) {
	const edit = (i: number, change: Partial<Exception>): void => set(value.map((v, k) => (k === i ? formatException({ ...parseException(v), ...change }) : v)));

	return (
		<fieldset class="choices"><legend>{t('Exceptions: these dates are unlike their week', '例外日期')}</legend>
			{value.map((text, i) => {
				const one = parseException(text), wrong = tried ? exceptionProblem(text) : undefined;

				return (
					<div class="toolbar" key={i}>
						<TextField label={t('Date', '日期')} type="date" value={one.date} set={(date) => edit(i, { date })} error={wrong} />
						<Select label={t('On it', '当天')} value={one.closed ? 'closed' : 'open'} set={(v) => edit(i, { closed: v === 'closed' })} of={[['closed', t('closed', '关闭')], ['open', t('open at', '开放时段')]]} />
						{!one.closed && <TextField label={t('From', '开始')} value={one.from} set={(from) => edit(i, { from })} max={5} />}
						{!one.closed && <TextField label={t('To', '结束')} value={one.to} set={(to) => edit(i, { to })} max={7} />}
						<Button kind="quiet" icon="close" label={t(`Remove exception ${i + 1}`, `删除第 ${i + 1} 个例外`)} onClick={() => set(value.filter((_, k) => k !== i))} />
					</div>
				);
			})}
			{value.length < EXCEPTIONS_MAX && <div><Button icon="plus" onClick={() => set([...value, ' closed'])}>{t('Add an exception', '添加例外')}</Button></div>}
		</fieldset>
	);
}

function ScheduleEditor({ id, taken, close, done }: { id: string | undefined; taken: string[]; close: () => void; done: () => void }) {
	return (
		<Editor<Schedule> kind="schedules" title={id ? t(`Schedule ${id}`, `时间表 ${id}`) : t('New schedule', '新建时间表')} fresh={id ? { id, week: [] } : NEW} id={id} taken={taken} close={close} done={done}
			problem={(s) => weekProblem(parseWeek(s.week)) ?? (s.except ?? []).map(exceptionProblem).find((p) => p !== undefined)}>
			{(schedule, edit, tried) => <ScheduleFields schedule={schedule} edit={edit} tried={tried} />}
		</Editor>
	);
}

function ScheduleFields({ schedule, edit, tried }: { schedule: Schedule; edit: (change: Partial<Schedule>) => void; tried: boolean }) {
	const intervals = useMemo(() => parseWeek(schedule.week), [schedule.week.join()]), wrong = weekProblem(intervals);
	const set = (next: Interval[]): void => edit({ week: formatWeek(next) });

	return (
		<>
			<p class="dim">{t('Drag on a day to open it; drag a bar to move it, its ends to change it; click it for exact times.', '在某天拖动以添加开放时段；拖动时段可移动，拖动两端可调整；点击可输入准确时间。')}</p>
			<WeekGrid value={intervals} set={set} />
			<p class="dim" role="status">{schedule.week.length ? sayWeek(schedule.week) : t('Never open.', '从不开放。')}</p>
			{tried && wrong && <p class="note bad" role="alert">{wrong}</p>}
			<Select label={t('On holidays', '假日')} value={schedule.holidays ?? 'follow'} set={(h) => edit({ holidays: h as 'follow' | 'ignore' })}
				of={[['follow', t('only the row "Holiday" holds', '仅按“假日”一行')], ['ignore', t('like any other weekday', '与平日相同')]]} />
			<Exceptions value={schedule.except ?? []} set={(except) => edit({ except })} tried={tried} />
		</>
	);
}

export function Schedules() {
	const load = useAll<Schedule>('access/schedules'), [editing, setEditing] = useState<{ id: string | undefined } | undefined>();
	const head = [t('Schedule', '时间表'), t('Open', '开放时段'), t('Exceptions', '例外'), t('Change', '操作')];

	return (
		<>
			<div class="row"><Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>{t('New schedule', '新建时间表')}</Button></div>
			<Await load={load}>{(list) => (
				<>
					{list.length === 0 ? <Card><Empty icon="calendar" title={t('No schedules yet', '暂无时间表')}>{t('A rule without one holds always.', '没有时间表的规则始终有效。')}</Empty></Card> : (
						<div class="stacked"><Table label={t('Schedules', '时间表')} head={head}>
							{list.map((s) => (
								<tr key={s.id}><td data-label={head[0]}><span><strong>{s.title || s.id}</strong>{s.title && <span class="mono dim"> {s.id}</span>}</span></td>
									<td data-label={head[1]}>{s.week.length ? sayWeek(s.week) : t('never', '从不')}</td><td data-label={head[2]}>{s.except?.length ?? 0}</td>
									<td><RowActions kind="schedules" id={s.id} edit={() => setEditing({ id: s.id })} done={load.reload} /></td></tr>
							))}
						</Table></div>
					)}
					{editing && <ScheduleEditor id={editing.id} taken={list.map((s) => s.id)} close={() => setEditing(undefined)} done={load.reload} />}
				</>
			)}</Await>
		</>
	);
}

/* ---- holidays ---- */

const asWhat = (as: string | undefined): string => (as && as !== 'holiday' ? t(`works as ${word(as)}`, `按${word(as)}上班`) : t('holiday', '假日'));

export function Holidays() {
	const load = useAll<Holiday>('access/holidays'), [editing, setEditing] = useState<{ id: string | undefined } | undefined>();
	const head = [t('Holiday', '假日'), t('From', '起'), t('To', '止'), t('What it is', '类型'), t('Change', '操作')];
	const wrong = (h: Holiday): string | undefined => (!/^\d{4}-\d\d-\d\d$/.test(h.date) ? t('A date is missing.', '请选择日期。') : h.to && h.to < h.date ? t('The end lies before the beginning.', '结束日期早于开始日期。') : undefined);

	return (
		<>
			<div class="row"><Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>{t('New holiday', '新建假日')}</Button></div>
			<Await load={load}>{(list) => (
				<>
					{list.length === 0 ? <Card><Empty icon="calendar" title={t('No holidays yet', '暂无假日')}>{t('On a holiday only what schedules say for "Holiday" holds. A swapped working day works as a weekday.', '假日仅按时间表的“假日”时段。调休日可按某个工作日执行。')}</Empty></Card> : (
						<div class="stacked"><Table label={t('Holidays', '假日')} head={head}>
							{[...list].sort((a, b) => a.date.localeCompare(b.date)).map((h) => (
								<tr key={h.id}><td data-label={head[0]}><span><strong>{h.title || h.id}</strong>{h.title && <span class="mono dim"> {h.id}</span>}</span></td>
									<td data-label={head[1]}>{h.date}</td><td data-label={head[2]}>{h.to ?? h.date}</td><td data-label={head[3]}>{asWhat(h.as)}</td>
									<td><RowActions kind="holidays" id={h.id} edit={() => setEditing({ id: h.id })} done={load.reload} /></td></tr>
							))}
						</Table></div>
					)}
					{editing && (
						<Editor<Holiday> kind="holidays" title={editing.id ? t(`Holiday ${editing.id}`, `假日 ${editing.id}`) : t('New holiday', '新建假日')} fresh={{ id: editing.id ?? '', date: '' }} id={editing.id} taken={list.map((h) => h.id)}
							close={() => setEditing(undefined)} done={load.reload} problem={wrong}>
							{(h, edit, tried) => (
								<div class="columns">
									<TextField label={t('Date', '日期')} type="date" value={h.date} set={(date) => edit({ date })} error={tried ? wrong(h) : undefined} required />
									<TextField label={t('Until (if several days)', '至（多日时填写）')} type="date" value={h.to ?? ''} set={(to) => edit({ to: to || undefined } as Partial<Holiday>)} />
									<Select label={t('What it is', '类型')} value={h.as ?? 'holiday'} set={(as) => edit({ as })} of={DAYS.slice().reverse().map((d) => [d, asWhat(d)] as const)} />
								</div>
							)}
						</Editor>
					)}
				</>
			)}</Await>
		</>
	);
}

/* When: schedules drawn on a week with their exceptions, and the holidays. */
import { useMemo, useState } from 'preact/hooks';
import type { Schemas } from '../api';
import { t, word } from '../i18n';
import { Await, Button, Card, Empty, Table, TextField } from '../ui';
import { Editor, RowActions, type Named } from './editor';
import { Select, useAll } from './parts';
import { DAYS, formatWeek, intervalProblem, minutes, parseWeek, weekProblem, type Interval } from './week';
import { WeekGrid } from './weekgrid';

export type Schedule = Named & Schemas['Schedule'];
type Holiday = Named & Schemas['Holiday'];

const EXCEPTIONS_MAX = 64;
const NEW: Schedule = { id: '', title: '', week: formatWeek([0, 1, 2, 3, 4].map((day) => ({ day, from: 480, to: 1080 }))) };

export function sayWeek(week: readonly string[]): string {
	return week
		.map((span) =>
			span
				.replace(/\b(mon|tue|wed|thu|fri|sat|sun|holiday)\b/g, (d) => word(d))
				.replace('daily', t('schedules.everyDay'))
				.replace('+1', t('common.nextDay')),
		)
		.join(t('schedules.semicolon'));
}

/* ---- exceptions: one date each ---- */

interface Exception {
	date: string;
	closed: boolean;
	from: string;
	to: string;
}
const parseException = (text: string): Exception => {
	const [date = '', rest = 'closed'] = text.split(' '),
		[from = '', to = ''] = rest.split('-');

	return rest === 'closed' ? { date, closed: true, from: '08:00', to: '12:00' } : { date, closed: false, from, to };
};
const formatException = (e: Exception): string => (e.closed ? `${e.date} closed` : `${e.date} ${e.from}-${e.to}`);
function exceptionProblem(text: string): string | undefined {
	const e = parseException(text),
		next = e.to.endsWith('+1');

	if (!/^\d{4}-\d\d-\d\d$/.test(e.date)) return t('schedules.dateMissing');
	return e.closed ? undefined : intervalProblem(minutes(e.from), minutes(e.to.replace('+1', '')) + (next ? 1440 : 0));
}

function Exceptions({ value, set, tried }: { value: string[]; set: (value: string[]) => void; tried: boolean }) {
	const edit = (i: number, change: Partial<Exception>): void =>
		set(value.map((v, k) => (k === i ? formatException({ ...parseException(v), ...change }) : v)));

	return (
		<fieldset class="choices">
			<legend>{t('schedules.exceptionsTitle')}</legend>
			{value.map((text, i) => {
				const one = parseException(text),
					wrong = tried ? exceptionProblem(text) : undefined;

				return (
					<div class="toolbar" key={i}>
						<TextField label={t('schedules.date')} type="date" value={one.date} set={(date) => edit(i, { date })} error={wrong} />
						<Select
							label={t('schedules.onIt')}
							value={one.closed ? 'closed' : 'open'}
							set={(v) => edit(i, { closed: v === 'closed' })}
							of={[
								['closed', t('schedules.closed')],
								['open', t('schedules.openAt')],
							]}
						/>
						{!one.closed && <TextField label={t('common.from')} value={one.from} set={(from) => edit(i, { from })} max={5} />}
						{!one.closed && <TextField label={t('common.to')} value={one.to} set={(to) => edit(i, { to })} max={7} />}
						<Button
							kind="quiet"
							icon="close"
							label={t('schedules.removeException', { number: i + 1 })}
							onClick={() => set(value.filter((_, k) => k !== i))}
						/>
					</div>
				);
			})}
			{value.length < EXCEPTIONS_MAX && (
				<div>
					<Button icon="plus" onClick={() => set([...value, ' closed'])}>
						{t('schedules.addException')}
					</Button>
				</div>
			)}
		</fieldset>
	);
}

function ScheduleEditor({
	id,
	taken,
	close,
	done,
}: {
	id: string | undefined;
	taken: string[];
	close: () => void;
	done: () => void;
}) {
	return (
		<Editor<Schedule>
			kind="schedules"
			title={id ? t('schedules.one', { id }) : t('schedules.new')}
			fresh={id ? { id, week: [] } : NEW}
			id={id}
			taken={taken}
			close={close}
			done={done}
			problem={(s) => weekProblem(parseWeek(s.week)) ?? (s.except ?? []).map(exceptionProblem).find((p) => p !== undefined)}
		>
			{(schedule, edit, tried) => <ScheduleFields schedule={schedule} edit={edit} tried={tried} />}
		</Editor>
	);
}

function ScheduleFields({
	schedule,
	edit,
	tried,
}: {
	schedule: Schedule;
	edit: (change: Partial<Schedule>) => void;
	tried: boolean;
}) {
	const intervals = useMemo(() => parseWeek(schedule.week), [schedule.week.join()]),
		wrong = weekProblem(intervals);
	const set = (next: Interval[]): void => edit({ week: formatWeek(next) });

	return (
		<>
			<p class="dim">{t('schedules.dragHint')}</p>
			<WeekGrid value={intervals} set={set} />
			<p class="dim" role="status">
				{schedule.week.length ? sayWeek(schedule.week) : t('schedules.neverOpen')}
			</p>
			{tried && wrong && (
				<p class="note bad" role="alert">
					{wrong}
				</p>
			)}
			<Select
				label={t('schedules.onHolidays')}
				value={schedule.holidays ?? 'follow'}
				set={(h) => edit({ holidays: h as 'follow' | 'ignore' })}
				of={[
					['follow', t('schedules.holidays.own')],
					['ignore', t('schedules.holidays.weekday')],
				]}
			/>
			<Exceptions value={schedule.except ?? []} set={(except) => edit({ except })} tried={tried} />
		</>
	);
}

export function Schedules() {
	const load = useAll<Schedule>('access/schedules'),
		[editing, setEditing] = useState<{ id: string | undefined } | undefined>();
	const head = [t('schedules.schedule'), t('schedules.open'), t('schedules.exceptions'), t('common.actions')];

	return (
		<>
			<div class="row">
				<Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>
					{t('schedules.new')}
				</Button>
			</div>
			<Await load={load}>
				{(list) => (
					<>
						{list.length === 0 ? (
							<Card>
								<Empty icon="calendar" title={t('common.noSchedules')}>
									{t('schedules.noneText')}
								</Empty>
							</Card>
						) : (
							<div class="stacked">
								<Table label={t('common.schedules')} head={head}>
									{list.map((s) => (
										<tr key={s.id}>
											<td data-label={head[0]}>
												<span>
													<strong>{s.title || s.id}</strong>
													{s.title && <span class="mono dim"> {s.id}</span>}
												</span>
											</td>
											<td data-label={head[1]}>{s.week.length ? sayWeek(s.week) : t('schedules.never')}</td>
											<td data-label={head[2]}>{s.except?.length ?? 0}</td>
											<td>
												<RowActions kind="schedules" id={s.id} edit={() => setEditing({ id: s.id })} done={load.reload} />
											</td>
										</tr>
									))}
								</Table>
							</div>
						)}
						{editing && (
							<ScheduleEditor
								id={editing.id}
								taken={list.map((s) => s.id)}
								close={() => setEditing(undefined)}
								done={load.reload}
							/>
						)}
					</>
				)}
			</Await>
		</>
	);
}

/* ---- holidays ---- */

const asWhat = (as: string | undefined): string =>
	as && as !== 'holiday' ? t('schedules.holiday.worksAs', { day: word(as) }) : t('schedules.holiday.closed');

function holidayProblem(h: Holiday): string | undefined {
	if (!/^\d{4}-\d\d-\d\d$/.test(h.date)) return t('schedules.dateMissing');
	return h.to && h.to < h.date ? t('schedules.holiday.spanWrong') : undefined;
}

function HolidayTable({ list, edit, done }: { list: Holiday[]; edit: (id: string) => void; done: () => void }) {
	const head = [
		t('schedules.holiday'),
		t('schedules.holiday.from'),
		t('schedules.holiday.to'),
		t('schedules.holiday.kind'),
		t('common.actions'),
	];

	return (
		<div class="stacked">
			<Table label={t('common.holidays')} head={head}>
				{[...list]
					.sort((a, b) => a.date.localeCompare(b.date))
					.map((h) => (
						<tr key={h.id}>
							<td data-label={head[0]}>
								<span>
									<strong>{h.title || h.id}</strong>
									{h.title && <span class="mono dim"> {h.id}</span>}
								</span>
							</td>
							<td data-label={head[1]}>{h.date}</td>
							<td data-label={head[2]}>{h.to ?? h.date}</td>
							<td data-label={head[3]}>{asWhat(h.as)}</td>
							<td>
								<RowActions kind="holidays" id={h.id} edit={() => edit(h.id)} done={done} />
							</td>
						</tr>
					))}
			</Table>
		</div>
	);
}

type FieldsProps = { holiday: Holiday; edit: (change: Partial<Holiday>) => void; tried: boolean };
const HolidayFields = ({ holiday, edit, tried }: FieldsProps) => (
	<div class="columns">
		<TextField
			label={t('schedules.date')}
			type="date"
			value={holiday.date}
			set={(date) => edit({ date })}
			error={tried ? holidayProblem(holiday) : undefined}
			required
		/>
		<TextField
			label={t('schedules.holiday.until')}
			type="date"
			value={holiday.to ?? ''}
			set={(to) => edit({ to: to || undefined } as Partial<Holiday>)}
		/>
		<Select
			label={t('schedules.holiday.kind')}
			value={holiday.as ?? 'holiday'}
			set={(as) => edit({ as: as as Holiday['as'] })}
			of={DAYS.slice()
				.reverse()
				.map((d) => [d, asWhat(d)] as const)}
		/>
	</div>
);

export function Holidays() {
	const load = useAll<Holiday>('access/holidays'),
		[editing, setEditing] = useState<{ id: string | undefined } | undefined>();

	return (
		<>
			<div class="row">
				<Button kind="main" icon="plus" onClick={() => setEditing({ id: undefined })}>
					{t('schedules.holiday.new')}
				</Button>
			</div>
			<Await load={load}>
				{(list) => (
					<>
						{list.length === 0 ? (
							<Card>
								<Empty icon="calendar" title={t('schedules.holiday.none')}>
									{t('schedules.holiday.noneText')}
								</Empty>
							</Card>
						) : (
							<HolidayTable list={list} edit={(id) => setEditing({ id })} done={load.reload} />
						)}
						{editing && (
							<Editor<Holiday>
								kind="holidays"
								title={editing.id ? t('schedules.holiday.one', { id: editing.id }) : t('schedules.holiday.new')}
								fresh={{ id: editing.id ?? '', date: '' }}
								id={editing.id}
								taken={list.map((h) => h.id)}
								close={() => setEditing(undefined)}
								done={load.reload}
								problem={holidayProblem}
							>
								{(holiday, edit, tried) => <HolidayFields holiday={holiday} edit={edit} tried={tried} />}
							</Editor>
						)}
					</>
				)}
			</Await>
		</>
	);
}

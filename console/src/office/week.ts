/* A schedule's week as intervals that can be drawn, and as the API says it ("mon-fri 08:00-18:00"). */
import { t, word } from '../i18n';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'holiday'] as const;
export const DAY_MIN = 1440,
	STEP = 15;
const SPANS_MAX = 32;

/** Minutes after the midnight with which the day begins; to may lie on the next day, at most a day after from. */
export interface Interval {
	day: number;
	from: number;
	to: number;
}

const two = (n: number): string => String(n).padStart(2, '0');
/** 24:00 is the end of the day; what lies behind is the next day's clock. */
export const clock = (minute: number): string => {
	const m = minute > DAY_MIN ? minute - DAY_MIN : minute;

	return `${two(Math.floor(m / 60))}:${two(m % 60)}`;
};
/** -1: not a time. */
export function minutes(text: string): number {
	const [, h = '', m = ''] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
	const n = Number(h) * 60 + Number(m);

	return h === '' || Number(m) > 59 || n > DAY_MIN ? -1 : n;
}

function daysOf(text: string): number[] {
	return text.split(',').flatMap((part) => {
		if (part === 'daily') return DAYS.map((_, i) => i);
		const [a = '', b = a] = part.split('-');
		const from = (DAYS as readonly string[]).indexOf(a),
			to = (DAYS as readonly string[]).indexOf(b);

		if (from < 0 || to < 0) return [];
		const count = ((to - from + 7) % 7) + 1;
		return from === 7 || to === 7 ? [from] : Array.from({ length: count }, (_, i) => (from + i) % 7);
	});
}

export function parseWeek(week: readonly string[]): Interval[] {
	return week.flatMap((span) => {
		const [, days = '', a = '', b = '', next = ''] = /^(\S+) (\d\d:\d\d)-(\d\d:\d\d)(\+1)?$/.exec(span) ?? [];
		const from = minutes(a),
			to = minutes(b) + (next ? DAY_MIN : 0);

		return days === '' || from < 0 || minutes(b) < 0 ? [] : daysOf(days).map((day) => ({ day, from, to }));
	});
}

function nameDays(days: number[]): string {
	const sorted = [...days].sort((x, y) => x - y),
		parts: string[] = [];

	if (sorted.length === DAYS.length) return 'daily';
	for (let i = 0; i < sorted.length; ) {
		const start = sorted[i] ?? 0;
		let end = start;

		while (start < 7 && end < 6 && sorted[i + (end - start) + 1] === end + 1) end++;
		parts.push(
			end - start >= 2
				? `${DAYS[start]}-${DAYS[end]}`
				: Array.from({ length: end - start + 1 }, (_, k) => DAYS[start + k]).join(','),
		);
		i += end - start + 1;
	}
	return parts.join(',');
}

export function formatWeek(intervals: readonly Interval[]): string[] {
	const byTimes = new Map<string, number[]>();

	for (const { day, from, to } of [...intervals].sort((x, y) => x.day - y.day || x.from - y.from)) {
		const times = `${clock(from)}-${clock(to)}${to > DAY_MIN ? '+1' : ''}`;
		const days = byTimes.get(times) ?? [];

		if (!days.includes(day)) days.push(day);
		byTimes.set(times, days);
	}
	return [...byTimes].map(([times, days]) => `${nameDays(days)} ${times}`);
}

/** What is drawn over one another becomes one. */
export function merge(intervals: readonly Interval[]): Interval[] {
	const out: Interval[] = [];

	for (const one of [...intervals].sort((x, y) => x.day - y.day || x.from - y.from)) {
		const last = out[out.length - 1];

		if (last && last.day === one.day && one.from <= last.to && Math.max(last.to, one.to) - last.from <= DAY_MIN)
			last.to = Math.max(last.to, one.to);
		else out.push({ ...one });
	}
	return out;
}

export function intervalProblem(from: number, to: number): string | undefined {
	if (from < 0 || to < 0 || from >= DAY_MIN) return t('week.timeWrong');
	return to <= from || to - from > DAY_MIN ? t('week.spanWrong') : undefined;
}
export const weekProblem = (intervals: readonly Interval[]): string | undefined =>
	formatWeek(intervals).length > SPANS_MAX ? t('week.tooMany') : undefined;

export const dayName = (day: number): string => word(DAYS[day]);
/** "Mon 08:00–18:00", for people. */
export const sayInterval = (i: Interval): string =>
	`${dayName(i.day)} ${clock(i.from)}–${clock(i.to)}${i.to > DAY_MIN ? t('common.nextDay') : ''}`;

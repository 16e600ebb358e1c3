import { beforeEach, describe, expect, test } from 'vitest';
import { useLanguage } from '../testing';
import {
	clock,
	DAY_MIN,
	formatWeek,
	intervalProblem,
	merge,
	minutes,
	parseWeek,
	sayInterval,
	weekProblem,
	type Interval,
} from './week';

const interval = (day: number, from: number, to: number): Interval => ({ day, from, to });
const HOUR = 60;

describe('times of day', () => {
	test.each([
		[0, '00:00'],
		[8 * HOUR + 5, '08:05'],
		[DAY_MIN, '24:00'],
		[DAY_MIN + 30, '00:30'],
	])('minute %i is %s', (minute, text) => {
		expect(clock(minute)).toBe(text);
	});

	test.each([
		['00:00', 0],
		['08:05', 485],
		['23:59', DAY_MIN - 1],
		['24:00', DAY_MIN],
	])('%s is minute %i', (text, minute) => {
		expect(minutes(text)).toBe(minute);
	});

	test.each(['24:01', '25:00', '08:60', '8:00', '08:00 ', '', 'noon'])('"%s" is no time', (text) => {
		expect(minutes(text)).toBe(-1);
	});
});

describe('a week of the API', () => {
	test('one day, several and a range become intervals', () => {
		expect(parseWeek(['mon 08:00-12:00'])).toEqual([interval(0, 480, 720)]);
		expect(parseWeek(['tue,sat 08:00-12:00']).map((i) => i.day)).toEqual([1, 5]);
		expect(parseWeek(['mon-fri 08:00-12:00']).map((i) => i.day)).toEqual([0, 1, 2, 3, 4]);
	});

	test('a range may go over the end of the week', () => {
		expect(parseWeek(['sat-mon 08:00-12:00']).map((i) => i.day)).toEqual([5, 6, 0]);
	});

	test('daily has the holiday in it, a range never', () => {
		expect(parseWeek(['daily 00:00-24:00']).map((i) => i.day)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
		expect(parseWeek(['holiday 10:00-12:00'])).toEqual([interval(7, 600, 720)]);
	});

	test('+1 ends on the next day', () => {
		expect(parseWeek(['fri 22:00-06:00+1'])).toEqual([interval(4, 22 * HOUR, DAY_MIN + 6 * HOUR)]);
	});

	test.each(['', 'mon', 'mon 8:00-12:00', 'mon 08:00', 'mond 08:00-12:00', 'mon 08:00-25:00'])('"%s" is left out', (span) => {
		expect(parseWeek([span])).toEqual([]);
	});

	test('days with the same times are named together', () => {
		expect(formatWeek([0, 1, 2, 3, 4].map((day) => interval(day, 480, 1080)))).toEqual(['mon-fri 08:00-18:00']);
		expect(formatWeek([interval(5, 480, 720), interval(6, 480, 720)])).toEqual(['sat,sun 08:00-12:00']);
		expect(formatWeek([interval(6, 480, 720), interval(7, 480, 720)])).toEqual(['sun,holiday 08:00-12:00']);
	});

	test.each([
		[['mon-fri 08:00-18:00', 'sat 10:00-12:00']],
		[['daily 00:00-24:00']],
		[['mon,wed,fri 22:00-06:00+1']],
		[['mon-wed,fri-sun,holiday 08:00-09:00']],
		[[]],
	])('%j is the same after reading and writing', (week) => {
		expect(formatWeek(parseWeek(week))).toEqual(week);
	});
});

describe('merging', () => {
	test('what overlaps or touches becomes one', () => {
		expect(merge([interval(0, 600, 720), interval(0, 480, 600), interval(0, 700, 800)])).toEqual([interval(0, 480, 800)]);
	});

	test('other days and gaps stay apart', () => {
		const apart = [interval(0, 480, 600), interval(0, 601, 700), interval(1, 480, 600)];

		expect(merge(apart)).toEqual(apart);
	});

	test('nothing grows past 24 hours', () => {
		const long = [interval(0, 0, DAY_MIN), interval(0, 1200, DAY_MIN + 60)];

		expect(merge(long)).toEqual(long);
	});

	test('what was given is not changed', () => {
		const given = [interval(0, 480, 600), interval(0, 540, 700)];

		merge(given);
		expect(given[0]).toEqual(interval(0, 480, 600));
	});
});

describe('what is wrong with an interval', () => {
	beforeEach(() => useLanguage('en'));

	test.each([
		[0, 1],
		[0, DAY_MIN],
		[DAY_MIN - 1, DAY_MIN],
		[720, 720 + DAY_MIN],
	])('%i to %i is right', (from, to) => {
		expect(intervalProblem(from, to)).toBeUndefined();
	});

	test.each([
		[-1, 60],
		[60, -1],
		[DAY_MIN, DAY_MIN + 1],
	])('%i to %i: no times', (from, to) => {
		expect(intervalProblem(from, to)).toMatch(/^Times like/);
	});

	test.each([
		[60, 60],
		[60, 59],
		[720, 721 + DAY_MIN],
	])('%i to %i: the end', (from, to) => {
		expect(intervalProblem(from, to)).toMatch(/^The end must be after/);
	});

	test('32 different times are taken, 33 are too many', () => {
		const spans = Array.from({ length: 33 }, (_, i) => interval(0, i * 20, i * 20 + 10));

		expect(weekProblem(spans.slice(0, 32))).toBeUndefined();
		expect(weekProblem(spans)).toMatch(/at most 32/);
	});
});

test('an interval is said in either language', async () => {
	await useLanguage('en');
	expect(sayInterval(interval(0, 480, 1080))).toBe('Mon 08:00–18:00');
	await useLanguage('zh');
	expect(sayInterval(interval(4, 1320, DAY_MIN + 360))).toBe('周五 22:00–06:00（次日）');
});

import { describe, expect, test } from 'vitest';
import { finder, orderOf, searchable } from './pinyin';

const found = (query: string, ...names: string[]): string[] => names.filter((name) => finder(query)(searchable(name)));

describe('what a name can be found by', () => {
	test.each([
		['张伟', ['张伟', 'zhangwei', 'zw']],
		['欧阳娜', ['欧阳娜', 'ouyangna', 'oyn']],
		['Li Na', ['li na']],
		['José', ['jose']],
	])('%s', (name, texts) => {
		expect(searchable(name)).toEqual(texts);
	});

	test.each([
		['曾伟', 'zengwei'],
		['单伟', 'shanwei'],
		['仇伟', 'qiuwei'],
	])('%s: the surname has its own reading', (name, pinyin) => {
		expect(searchable(name)[1]).toBe(pinyin);
	});

	test('inside of a name a surname has its common reading', () => {
		expect(searchable('王曾')[1]).not.toBe('wangzeng');
	});
});

describe('a query', () => {
	const names = ['张伟', '王小明', 'Li Na', 'Anna Müller'];

	test.each([
		['张', ['张伟']],
		['wangxiaoming', ['王小明']],
		['wang xiao', ['王小明']],
		['wxm', ['王小明']],
		['WXM', ['王小明']],
		['na li', ['Li Na']],
		['müller', ['Anna Müller']],
		['na', ['Li Na', 'Anna Müller']],
		['zzz', []],
		['', names],
		['  ', names],
	])('"%s"', (query, expected) => {
		expect(found(query, ...names)).toEqual(expected);
	});
});

test('a list is in the order of pinyin, numbers by their size', () => {
	const names = ['room 10', '张伟', 'room 9', '李娜', 'Bob'];

	expect(names.sort((a, b) => (orderOf(searchable(a)) < orderOf(searchable(b)) ? -1 : 1))).toEqual([
		'Bob',
		'李娜',
		'room 9',
		'room 10',
		'张伟',
	]);
});

/* The texts of both languages against each other and against their use: what the compiler cannot see. */
import ts from 'typescript';
import { expect, test } from 'vitest';
import en from '../locales/en.json';
import zh from '../locales/zh.json';

const english: Record<string, string> = en,
	chinese: Record<string, string> = zh;
const sources = import.meta.glob<string>(['./**/*.{ts,tsx}', '!./**/*.test.ts'], {
	query: '?raw',
	import: 'default',
	eager: true,
});

/** The gate's own source, in which its words stand. */
const readGate = (): string =>
	['base', 'daemon', 'hw', 'mqtt', 'vision']
		.flatMap((folder) => ts.sys.readDirectory(new URL(`../../${folder}`, import.meta.url).pathname, ['.c', '.cpp', '.h']))
		.map((file) => ts.sys.readFile(file) ?? '')
		.join('');

const isWord = (key: string): boolean => key.startsWith('word.');
/** Looked up by the name that the gate sends. tests/contract/problems.py holds all but the words against the gate. */
const isOfGate = (key: string): boolean => /^(word|problem|member|system|data)\./.test(key);
/** KEY of KEY_one and KEY_other, with which plural() is called. */
const keyOf = (key: string): string => (isOfGate(key) ? key : key.replace(/_(one|other)$/, ''));
const placesIn = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!))].sort();

interface Call {
	where: string;
	key: string;
	params: string[];
}

/** Every string of the page's source, and every call of t() and plural() whose key is written out. */
function readSources(): { strings: Set<string>; calls: Call[] } {
	const strings = new Set<string>(),
		calls: Call[] = [];
	const readCall = (file: string, call: ts.CallExpression): void => {
		const [key, ...rest] = call.arguments,
			name = call.expression.getText(),
			given = rest.at(-1);

		if (!['t', 'plural'].includes(name) || !key || !ts.isStringLiteral(key)) return;
		const params = given && ts.isObjectLiteralExpression(given) ? given.properties.map((p) => p.name?.getText() ?? '') : [];
		calls.push({
			where: `${file}: ${key.text}`,
			key: key.text,
			params: [...params, ...(name === 'plural' ? ['count'] : [])].sort(),
		});
	};

	for (const [file, text] of Object.entries(sources)) {
		const visit = (node: ts.Node): void => {
			if (ts.isStringLiteral(node)) strings.add(node.text);
			if (ts.isCallExpression(node)) readCall(file, node);
			ts.forEachChild(node, visit);
		};

		visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
	}
	return { strings, calls };
}
const { strings, calls } = readSources();

test('every key has both languages; Chinese knows no singular', () => {
	const singular = (key: string): boolean => !isOfGate(key) && key.endsWith('_one');

	expect(Object.keys(chinese)).toEqual(Object.keys(english).filter((key) => !singular(key)));
	expect(Object.keys(english).filter((key) => singular(key) && !(`${keyOf(key)}_other` in english))).toEqual([]);
});

test('every key is used', () => {
	expect(Object.keys(english).filter((key) => !isOfGate(key) && !strings.has(keyOf(key)))).toEqual([]);
});

test('every word is one that the gate or the page says', () => {
	const gate = readGate(),
		names = Object.keys(english)
			.filter(isWord)
			.map((key) => key.slice('word.'.length));

	expect(gate.length).toBeGreaterThan(1_000_000);
	expect(names.filter((name) => !gate.includes(`"${name}"`) && !strings.has(name))).toEqual([]);
});

test('both languages take the same parameters', () => {
	expect(Object.keys(chinese).filter((key) => placesIn(chinese[key]!).join() !== placesIn(english[key] ?? '').join())).toEqual(
		[],
	);
	/* a singular may leave the number out, and has nothing that the plural lacks */
	expect(
		Object.keys(english).filter((key) =>
			placesIn(english[key]!).some((place) => !placesIn(english[`${keyOf(key)}_other`] ?? english[key]!).includes(place)),
		),
	).toEqual([]);
});

test('every call gives the parameters that its text takes', () => {
	expect(calls.length).toBeGreaterThan(500);
	expect(
		calls
			.filter(({ key, params }) => params.join() !== placesIn(english[key] ?? english[`${key}_other`] ?? '').join())
			.map(({ where }) => where),
	).toEqual([]);
});

test('no text of people stands in the source', () => {
	/* how Chinese is read, and the CSV file to begin with, are data */
	const data = ['./office/pinyin.ts', './office/import.tsx'];

	expect(
		Object.entries(sources)
			.filter(([file, text]) => !data.includes(file) && /\p{Script=Han}/u.test(text))
			.map(([file]) => file),
	).toEqual([]);
});

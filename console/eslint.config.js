import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// What can be wrong; how it is laid out is Prettier's.
export default defineConfig(
	{
		files: ['src/**/*.{ts,tsx}'],
		ignores: ['src/api-types.ts'],
		extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
		languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: new URL('.', import.meta.url).pathname } },
		rules: { eqeqeq: ['error', 'always', { null: 'ignore' }] },
	},
	// a component that needs more has parts that have names
	{ files: ['src/**/*.tsx'], rules: { 'max-lines-per-function': ['error', 80] } },
);

import { defineConfig } from 'vite';

// Nothing inline (the daemon's Content-Security-Policy refuses it): no polyfill script, no data: assets.
export default defineConfig({
	esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
	build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: true },
});

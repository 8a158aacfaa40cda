// Bundle the page and the programs: node build.mjs

import { dirname } from 'path';
import { fileURLToPath } from 'url';

import { build } from 'esbuild';

// Editors of code and maps are part of Grafana's components, but no dashboard
// here has one.
const absent = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:monaco-editor|react-monaco-editor|@monaco-editor\/react|ol|geotiff)(?:\/|$)/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};

// It asks Grafana's runtime for more than each version has, and goes without.
const compatible = {
  name: 'compatible',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@grafana\/runtime/ }, ({ path, importer }) =>
      importer.includes('plugin-compat') ? { path, namespace: 'compatible' } : undefined
    );
    onLoad({ filter: /.*/, namespace: 'compatible' }, ({ path }) => {
      const module = path === '@grafana/runtime' ? 'index' : path.split('/').pop();
      return { contents: `module.exports = require('./node_modules/@grafana/runtime/dist/esm/${module}.mjs');`, resolveDir: dirname(fileURLToPath(import.meta.url)) };
    });
  },
};

const common = { bundle: true, outdir: 'build', logLevel: 'error' };

await Promise.all([
  build({
    ...common,
    entryPoints: ['src/page.tsx'],
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl' },
    jsx: 'automatic',
    format: 'iife',
    minify: true,
    plugins: [absent, compatible],
  }),
  build({ ...common, entryPoints: ['src/preview.ts', 'src/check.ts'], platform: 'node', format: 'cjs', packages: 'external', target: 'node18' }),
]);

// Builds dist/: the program as one file with V8's code of it, the library as ES modules, its types, and oclif's manifest.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });

/**
 * An ES module that imports a builtin makes Node look at every one of its exports, and looking at those of `node:http`
 * loads Node's own fetch, for 25 ms. To require it costs 3; of its exports only those in use are looked at.
 */
const requiredBuiltins = {
  name: 'required builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin', sideEffects: false } : undefined,
    );
    onLoad({ filter: /^/, namespace: 'builtin' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default');
      const picked = names.map((name) => `export const ${name} = /* @__PURE__ */ pick('${name}');`);
      return {
        contents: [
          `const builtin = require('${path}');`,
          'const pick = (name) => builtin[name];',
          ...picked,
          'export default builtin;',
        ].join('\n'),
      };
    });
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  sourcemap: false,
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // undici then leaves out its second HTTP parser (170 KB), which is off by default.
  define: { esbuildDetection: '1' },
  plugins: [requiredBuiltins],
  logLevel: 'warning',
};
const program = join(dist, 'sluice.cjs');
await build({ ...shared, entryPoints: ['src/program.ts'], outfile: program, format: 'cjs', charset: 'ascii' });
// esbuild leaves regular expressions as they are, and bin/program.js reads ASCII.
const escaped = readFileSync(program, 'utf8').replace(/[^\0-\x7f]/g, (character) => {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
});
writeFileSync(program, escaped);
await build({
  ...shared,
  entryPoints: ['src/index.ts'],
  outfile: join(dist, 'index.js'),
  format: 'esm',
  // Builtins are required here too.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
});

const tsc = join(root, 'node_modules/.bin/tsc');
execFileSync(tsc, ['-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit', cwd: root });

// What `oclif manifest` does, without the 150 packages of the `oclif` command.
const { Plugin } = await import('@oclif/core/config');
const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`);

// Nothing of the user's own counts there: no proxy, no keys, no settings.
execFileSync(process.execPath, [join(root, 'bin/code-cache.js')], {
  cwd: dist,
  env: { HOME: dist },
  stdio: ['ignore', 'ignore', 'inherit'],
  timeout: 60_000,
});

// Builds dist/: one entry per command plus the library as ES module chunks, the library's types, and oclif's manifest.
// Commands share chunks, so that `sluice --version` never reads a line of undici.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });

/**
 * An ES module that imports a builtin makes Node look at every one of its exports, and looking at those of `node:http`
 * loads Node's own fetch, for 25 ms. To require it costs 3.
 */
const requiredBuiltins = {
  name: 'required builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

const commands = readdirSync(join(root, 'src/commands')).map((file) => `src/commands/${file}`);
await build({
  absWorkingDir: root,
  entryPoints: ['src/index.ts', 'src/cli/main.ts', 'src/cli/help.ts', ...commands],
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.19',
  sourcemap: false,
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // oclif, undici and cli-table3 are CommonJS inside: bundled as ES modules they still ask for `require`.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  // undici then leaves out its second HTTP parser (170 KB), which is off by default.
  define: { esbuildDetection: '1' },
  plugins: [requiredBuiltins],
  logLevel: 'warning',
});

const tsc = join(root, 'node_modules/.bin/tsc');
execFileSync(tsc, ['-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit', cwd: root });

// What `oclif manifest` does, without the 150 packages of the `oclif` command.
const { Plugin } = await import('@oclif/core/config');
const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`);

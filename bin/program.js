// Loads dist/sluice.cjs, the program as one file, with the code that V8 made of it during the build (bin/code-cache.js).
// To read and compile it anew takes 30 ms of a start of 80.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';

export const root = dirname(import.meta.dirname);
const programFile = join(root, 'dist/sluice.cjs');
/** Only the same Node.js on the same kind of machine can use it. */
export const codeFile = `${programFile}.${process.version}-${process.arch}.code`;
const require = createRequire(programFile);

/** What dist/sluice.cjs exports; null where nothing is built yet. */
export function loadProgram() {
  const script = scriptWithCode();
  if (script) return evaluate(script);
  // Another Node.js than the build's keeps what it compiles in a place of its own.
  enableCompileCache();
  try {
    return require(programFile);
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND' && error.message.includes(programFile)) return null;
    throw error;
  }
}

/** Null where there is no code, or none that this V8 takes: code is only there to be faster. */
function scriptWithCode() {
  try {
    const script = compile(readFileSync(codeFile));
    return script.cachedDataRejected ? null : script;
  } catch {
    return null; // what is wrong shows without code too
  }
}

export function compile(cachedData) {
  // The build sees to it that it is ASCII. As Latin-1 it is read fastest.
  const source = readFileSync(programFile, 'latin1');
  return new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: programFile,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** Keeps what V8 has compiled of the program so far. V8 would die of code that is not whole: it is written aside first. */
export function keepCode(script) {
  const aside = `${codeFile}.part`;
  writeFileSync(aside, script.createCachedData(), { flush: true });
  renameSync(aside, codeFile);
}

/** Runs it as a module that `require` knows from then on. */
export function evaluate(script) {
  const module = { id: programFile, filename: programFile, exports: {}, children: [], paths: [], loaded: false };
  require.cache[programFile] = module;
  script.runInThisContext()(module.exports, require, module, programFile, dirname(programFile));
  module.loaded = true;
  return module.exports;
}

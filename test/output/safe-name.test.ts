import { basename, join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeName } from '../../src/output/safe-name.ts';

test.each([
  ['photo.jpg', 'photo.jpg'],
  ['Ünï — 名前 🙂.txt', 'Ünï — 名前 🙂.txt'],
  ['a b', 'a b'],
  ['e\u0301', 'é'],
  ['../../etc/passwd', '___.._etc_passwd'],
  ['/etc/passwd', '_etc_passwd'],
  ['..\\..\\x', '___.._x'],
  ['.', '_'],
  ['..', '_'],
  ['...', '_'],
  ['', '_'],
  [' ', '_'],
  ['.bashrc', '_bashrc'],
  ['. .x', '_ .x'],
  ['-rf', '_rf'],
  ['-', '_'],
  ['x. . ', 'x'],
  [' x ', 'x'],
  ['a\u0000b', 'a_b'],
  ['a\nb\r\u001b[31m\u009b', 'a_b__[31m_'],
  ['gpj.\u202etxt', 'gpj._txt'],
  ['\ud800x', '\ufffdx'],
  ['C:\\x', 'C__x'],
  ['a:stream', 'a_stream'],
  ['what?*<>|"', 'what______'],
  ['CON', '_CON'],
  ['con.txt', '_con.txt'],
  ['NUL', '_NUL'],
  ['Com1.tar.gz', '_Com1.tar.gz'],
  ['lpt¹', '_lpt¹'],
  ['CON .', '_CON'],
  ['CONIN$', '_CONIN$'],
  ['console', 'console'],
  ['COM10', 'COM10'],
])('%j is %j', (text, expected) => {
  expect(safeName(text)).toBe(expected);
});

test('what is too long keeps its ending, and is told from others by a hash', () => {
  const name = safeName(`${'a'.repeat(300)}.json`);
  expect(name).toMatch(/^a+~[\da-f]{8}\.json$/);
  expect(Buffer.byteLength(name)).toBe(240);
  expect(safeName(`${'a'.repeat(301)}.json`)).not.toBe(name);
  expect(safeName(`${'a'.repeat(300)}.${'b'.repeat(30)}`)).toMatch(/~[\da-f]{8}$/);
  const wide = safeName(`${'🙂'.repeat(100)}.txt`);
  expect(wide).toMatch(/^(🙂)+~[\da-f]{8}\.txt$/u);
  expect(Buffer.byteLength(wide)).toBeLessThanOrEqual(240);
});

test('whatever the text, it is one visible segment inside the folder, and safe already', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('.', '/', '\\', ' ', '-', '\u0000', 'C', 'O', 'N', ':', '🙂', '\ud83d'),
  });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), hostile), (text) => {
      const name = safeName(text);
      expect(basename(name)).toBe(name);
      expect(resolve('/folder', name)).toBe(join('/folder', name));
      expect(name).toMatch(/^[^.-].*(?<![. ])$|^[^.\- ]$/s);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(240);
      expect(name).not.toMatch(/[\p{Cc}/\\:]/u);
      expect(safeName(name)).toBe(name);
    }),
  );
});

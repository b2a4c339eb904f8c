import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPaint, plain } from '../../src/output/terminal.ts';

test('`plain` leaves letters of every script alone', () => {
  expect(plain('grüße 你好 👩‍🚀 مرحبا')).toBe('grüße 你好 👩‍🚀 مرحبا');
});

test('`plain` takes out what a terminal obeys, and keeps lines and columns apart', () => {
  expect(plain('a\u001b]0;title\u0007b\u009b2Jc\u007f\td\r\ne\u2028f\u202eg')).toBe('a]0;titleb2Jc d e fg');
});

test('`plain` leaves no control character in anything', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(plain(text)).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test('`createPaint` writes escapes only when told', () => {
  expect(createPaint(true)('red', '3')).toBe('\u001b[31m3\u001b[39m');
  expect(createPaint(false)('red', '3')).toBe('3');
});

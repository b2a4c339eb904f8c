import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMaskStreams } from '../../src/record/secret-stream.ts';
import { createMask } from '../../src/record/secrets.ts';

function shown(secrets: readonly string[], pieces: readonly string[]): string[] {
  const stream = createMaskStreams(secrets)();
  return [...pieces.map((piece) => stream.push(piece)), stream.end()];
}

describe('a mask stream', () => {
  test('lets text through at once that is no beginning of a secret', () => {
    expect(shown(['secret-key'], ['abc ', 'def'])).toEqual(['abc ', 'def', '']);
    expect(shown([], ['abc'])).toEqual(['abc', '']);
  });

  test('holds back what may become a secret, and shows it when it does not', () => {
    expect(shown(['secret-key'], ['a sec', 'ond', ' sec'])).toEqual(['a ', 'second', ' ', 'sec']);
  });

  test('masks a secret however it is cut', () => {
    const text = 'x secret-key y secret-key';
    for (let at = 0; at <= text.length; at += 1) {
      const pieces = shown(['secret-key'], [text.slice(0, at), text.slice(at)]);
      expect(pieces.join('')).toBe('x *** y ***');
    }
  });

  test('does not let go of a whole secret whose end looks like its beginning', () => {
    expect(shown(['abcab'], ['xabcab', 'z']).join('')).toBe('x***z');
    expect(shown(['abc', 'abcdef'], ['abc', 'def']).join('')).toBe('***');
  });

  test('shows what a mask of the whole text shows, for any text in any pieces', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 3, maxLength: 6 });
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 8 }), { maxLength: 8 });
    fc.assert(
      fc.property(letters, pieces, (secret, parts) => {
        const whole = createMask([secret])?.(parts.join(''));
        expect(shown([secret], parts).join('')).toBe(whole);
      }),
    );
  });
});

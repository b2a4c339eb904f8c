import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repairHead } from '../../src/http/head.ts';

const head = (...lines: string[]) => [...lines, '', ''].join('\r\n');

describe('repairHead', () => {
  test.each([
    head('HTTP/1.1 200 OK', 'content-length: 5', 'x: '),
    head('HTTP/1.0 404'),
    head('HTTP/1.1 200 ', 'Transfer-Encoding: chunked', 'set-cookie: a=1', 'set-cookie: b=\xe9'),
  ])('leaves a head as it is that follows the RFC: %j', (text) => {
    expect(repairHead(text)).toBe(text);
  });

  test.each([
    ['bare line feeds', 'HTTP/1.1 200 OK\nx: 1\n\n', ['HTTP/1.1 200 OK', 'x: 1']],
    ['bare and usual line ends', 'HTTP/1.1 200 OK\r\nx: 1\n\r\n', ['HTTP/1.1 200 OK', 'x: 1']],
    ['another version’s name', head('HTTP/2 200 OK'), ['HTTP/1.1 200 OK']],
    ['small letters', head('http/1.0 200 OK'), ['HTTP/1.0 200 OK']],
    ['spaces before the status', head('HTTP/1.1   200 OK'), ['HTTP/1.1 200 OK']],
    ['a reason that begins at once', head('HTTP/1.1 200OK'), ['HTTP/1.1 200 OK']],
    ['a 100 that nobody asked for', head('HTTP/1.1 100 Continue'), ['HTTP/1.1 102 Continue']],
    ['folded lines', head('HTTP/1.1 200 OK', 'x: a', '\tb', '  c', 'y: 1'), ['HTTP/1.1 200 OK', 'x: a b c', 'y: 1']],
    ['a space before the colon', head('HTTP/1.1 200 OK', 'x : a'), ['HTTP/1.1 200 OK', 'x: a']],
    ['names that are none', head('HTTP/1.1 200 OK', ': a', 'b(: c', '\xe9: d', 'e: f'), ['HTTP/1.1 200 OK', 'e: f']],
    [
      'control characters',
      head('HTTP/1.1 200 O\x01K\ra', 'x: a\x02b\x7f', 'y: a\rb'),
      ['HTTP/1.1 200 O K a', 'x: a b', 'y: a b'],
    ],
    [
      'white space behind a length',
      head('HTTP/1.1 200 OK', 'content-length: 5  '),
      ['HTTP/1.1 200 OK', 'content-length: 5'],
    ],
    [
      'one length in a list',
      head('HTTP/1.1 200 OK', 'Content-Length: 5, ,5,'),
      ['HTTP/1.1 200 OK', 'content-length: 5'],
    ],
    [
      'one length on two lines',
      head('HTTP/1.1 200 OK', 'content-length: 5', 'x: 1', 'content-length: 5'),
      ['HTTP/1.1 200 OK', 'content-length: 5', 'x: 1'],
    ],
    ['an encoding that is none', head('HTTP/1.1 200 OK', 'transfer-encoding: identity'), ['HTTP/1.1 200 OK']],
    [
      'chunked said twice',
      head('HTTP/1.1 200 OK', 'transfer-encoding: chunked', 'transfer-encoding: , chunked, identity'),
      ['HTTP/1.1 200 OK', 'transfer-encoding: chunked'],
    ],
  ])('makes sense of %s', (_name, text, lines) => {
    expect(repairHead(text)).toBe(head(...lines));
  });

  test.each([
    [['content-length: 5', 'content-length: 6']],
    [['content-length: -5']],
    [['content-length: 5x']],
    [['content-length: 5', 'content-length: ']],
    [['content-length: ,5']],
    [['transfer-encoding: gzip, chunked']],
    [['content-length: 5', 'transfer-encoding: chunked']],
  ])('leaves to the parser what is ambiguous: %j', (lines) => {
    expect(repairHead(head('HTTP/1.1 200 OK', ...lines))).toBe(head('HTTP/1.1 200 OK', ...lines));
  });

  test.each([
    ['HTTP/0.9 200 OK'],
    ['HTTP/1.2 200 OK'],
    ['HTTP/11.1 200 OK'],
    ['HTTP/1.1 2000 OK'],
    ['HTTP/1.1 099 OK'],
    ['HTTP/1.1 abc OK'],
    ['ICY 200 OK'],
    ['HTTP/1.1 200 OK', 'x: a\0b'],
    ['HTTP/1.1 200 OK', 'no colon'],
    ['HTTP/1.1 200 OK', ' folded: under nothing'],
    ['HTTP/1.1 200 OK', 'content-length:', ' 5'],
    ['HTTP/1.1 200 OK', 'content-length: \x0b5'],
    ['HTTP/1.1 200 OK', 'transfer-encoding: \x0bchunked'],
    ['HTTP/1.1 200 OK', 'transfer-encoding : chunked'],
    ['HTTP/1.1 200 OK', '\rx: a'],
    ['HTTP/1.1 200 OK', 'x\r: a'],
    ['HTTP/1.1 200 OK', '\r', 'x: a'],
  ])('is null for what is no HTTP: %j', (...lines) => {
    expect(repairHead(head(...lines))).toBeNull();
  });

  test('what it gives needs no other repair', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('content-length: 5 ', 'transfer-encoding: identity', ' folded', 'x:'),
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\r\n', '\n'), (lines, end) => {
        const latin1 = Buffer.from(lines.join(end)).toString('latin1');
        const repaired = repairHead(`HTTP/1.1 200 OK${end}${latin1}${end}${end}`);
        if (repaired !== null) expect(repairHead(repaired)).toBe(repaired);
      }),
      { numRuns: 300 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { shapeBody } from '../../src/http/body.ts';
import { Failure } from '../../src/record/failure.ts';

const shape = (bytes: string | Uint8Array, type: string, mode: Parameters<typeof shapeBody>[2] = 'auto') =>
  shapeBody(Buffer.from(bytes as string), type, mode);
const text = (content: string) => ({ kind: 'text', text: content });
const base64 = (bytes: string | Uint8Array) => ({
  kind: 'base64',
  data: Buffer.from(bytes as string).toString('base64'),
});
const binary = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0xff, 0xfe]);

describe('auto', () => {
  test.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/problem+json',
    'application/vnd.api+json;v=1',
    'application/ld+json',
    'text/json',
    ' application/json ',
  ])('%s is JSON, on one line, each digit as it came', (type) => {
    expect(shape('{ "a": 1.0,\n "b": 12345678901234567890 }', type)).toEqual({
      kind: 'json',
      raw: '{"a":1.0,"b":12345678901234567890}',
    });
  });

  test('JSON that does not parse, or is nested too deep, is text', () => {
    expect(shape('{"a":', 'application/json')).toEqual(text('{"a":'));
    const deep = '['.repeat(201) + ']'.repeat(201);
    expect(shape(deep, 'application/json')).toEqual(text(deep));
  });

  test('JSON with a byte order mark, or in UTF-16, is JSON', () => {
    expect(shape('\ufeff{"a":1}', 'application/json')).toEqual({ kind: 'json', raw: '{"a":1}' });
    expect(shape(Buffer.from('{"a":"ü"}', 'utf16le'), 'application/json; charset=utf-16le')).toEqual({
      kind: 'json',
      raw: '{"a":"ü"}',
    });
  });

  test.each([
    'text/html',
    'text/plain',
    'TEXT/CSV',
    'application/xml',
    'application/atom+xml',
    'image/svg+xml',
    'application/x-ndjson',
    'application/jsonl',
    'application/javascript',
    'application/x-www-form-urlencoded',
    'application/yaml',
    'application/graphql',
    'application/something; charset=utf-8',
  ])('%s is text', (type) => {
    expect(shape('{"a": 1}\n', type)).toEqual(text('{"a": 1}\n'));
  });

  test.each(['image/png', 'application/pdf', 'application/zip', 'video/mp4', 'font/woff2', 'multipart/form-data'])(
    '%s is base64, whatever its bytes look like',
    (type) => {
      expect(shape('abc', type)).toEqual(base64('abc'));
      expect(shape(binary, type)).toEqual(base64(binary));
    },
  );

  test.each(['image/png; charset=utf-8', 'application/octet-stream; charset=binary'])(
    'bytes that are no text stay whole whatever charset they claim: %s',
    (type) => {
      expect(shape(binary, type)).toEqual(base64(binary));
    },
  );

  test.each(['', 'application/octet-stream', 'application/unknown', 'unknown/unknown', '*/*'])(
    '%j says nothing: text where the bytes are text, else base64',
    (type) => {
      expect(shape('grün\r\n\t\u001b[1m', type)).toEqual(text('grün\r\n\t\u001b[1m'));
      expect(shape(binary, type)).toEqual(base64(binary));
      expect(shape('a\0b', type)).toEqual(base64('a\0b'));
      expect(shape('a\u0001b', type)).toEqual(base64('a\u0001b'));
    },
  );

  test('a byte order mark is no part of a text, also where the type says nothing', () => {
    expect(shape('\ufeffabc', 'application/octet-stream')).toEqual(text('abc'));
  });

  test('an empty body is null', () => {
    for (const type of ['', 'application/json', 'image/png']) expect(shape('', type)).toBeNull();
  });
});

describe('the charset', () => {
  const latin1 = Buffer.from('grün', 'latin1');
  test.each([
    ['text/plain; charset=iso-8859-1', latin1],
    ['text/plain; charset="ISO-8859-1"', latin1],
    ['text/plain;charset=windows-1252; x=y', latin1],
    ['text/plain', Buffer.from('grün')],
    ['text/plain; charset=utf8', Buffer.from('grün')],
    ['text/plain; charset=UTF-8', Buffer.from('\ufeffgrün')],
    ['text/plain; charset=klingon', Buffer.from('grün')],
    ["text/plain; charset='utf-8'", Buffer.from('grün')],
    ['text/plain; charset=utf-16le', Buffer.from('grün', 'utf16le')],
    ['text/plain', Buffer.from('\ufeffgrün', 'utf16le')],
    ['text/plain; charset=iso-8859-1', Buffer.from('\ufeffgrün')],
    ['text/plain', Buffer.from('\ufeffgrün', 'utf16le').swap16()],
  ])('%s', (type, bytes) => {
    expect(shape(bytes, type)).toEqual(text('grün'));
  });

  test.each([
    'text/plain; charset=utf-8',
    'text/html;charset=utf8',
    'application/xml; charset="UTF-8"',
    'application/something; charset=utf-8',
  ])('bytes that a named charset does not know are replaced and counted: %s', (type) => {
    expect(shape(latin1, type)).toEqual({ ...text('gr\ufffdn'), replaced: 1 });
    expect(shape(Buffer.concat([latin1, Buffer.from('\ufffd'), latin1]), type)).toMatchObject({ replaced: 2 });
    expect(shape('gr\ufffdn', type)).toEqual(text('gr\ufffdn'));
  });

  test('JSON is UTF-8 where it names no charset', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), latin1, Buffer.from('"}')]);
    expect(shape(bytes, 'application/json')).toEqual({ kind: 'json', raw: '{"a":"gr\ufffdn"}', replaced: 1 });
    expect(shape(bytes, 'application/json; charset=latin1')).toEqual({ kind: 'json', raw: '{"a":"grün"}' });
  });

  test('text of no known charset that is not UTF-8 stays whole, as base64', () => {
    for (const type of ['text/plain', 'text/html', 'text/plain; charset=klingon', 'application/xml'])
      expect(shape(latin1, type)).toEqual(base64(latin1));
    expect(shape(latin1, 'text/plain', 'text')).toEqual({ ...text('gr\ufffdn'), replaced: 1 });
  });

  test('UTF-8 with one damaged letter among many is still text', () => {
    const damaged = Buffer.concat([Buffer.from('ü'.repeat(20)), Buffer.from([0xff])]);
    expect(shape(damaged, 'text/plain')).toEqual({ ...text(`${'ü'.repeat(20)}\ufffd`), replaced: 1 });
  });

  test.each([
    ['utf-16le', Buffer.from('a\ufffdb', 'utf16le'), undefined],
    ['utf-16', Buffer.from('a\ud800b', 'utf16le'), 1],
    ['utf-16be', Buffer.from('a\ufffd\ud800b', 'utf16le').swap16(), 1],
    ['gb18030', Buffer.from([0xc4, 0xe3, 0x84, 0x31, 0xa4, 0x37, 0xff]), 1],
    ['shift_jis', Buffer.from([0x82, 0xa0, 0xff, 0x41]), 1],
  ])('%s counts what it does not know, and no character that is written', (charset, bytes, replaced) => {
    expect(shape(bytes, `text/plain; charset=${charset}`)).toMatchObject({ kind: 'text' });
    expect((shape(bytes, `text/plain; charset=${charset}`) as { replaced?: number }).replaced).toBe(replaced);
  });

  test('two bytes and fewer are text too', () => {
    expect(shape('a', 'text/plain')).toEqual(text('a'));
    expect(shape(Uint8Array.of(0xef, 0xbb, 0xbf), 'text/plain')).toEqual(text(''));
    expect(shape(Uint8Array.of(0xff), 'text/plain')).toEqual(base64(Uint8Array.of(0xff)));
  });
});

describe('the other modes', () => {
  test('json takes any type, and demands JSON', () => {
    expect(shape(' [1.0] ', 'text/html', 'json')).toEqual({ kind: 'json', raw: '[1.0]' });
    expect(shape('[1]', 'image/png', 'json')).toEqual({ kind: 'json', raw: '[1]' });
    for (const type of ['application/json', 'text/html']) {
      expect(() => shape('<html>', type, 'json')).toThrow(Failure);
    }
    expect(shape('', 'text/html', 'json')).toBeNull();
  });

  test('text takes any type, by its charset', () => {
    expect(shape('{ "a": 1 }', 'application/json', 'text')).toEqual(text('{ "a": 1 }'));
    expect(shape(Buffer.from('ü', 'latin1'), 'image/x; charset=latin1', 'text')).toEqual(text('ü'));
  });

  test('base64 takes any type', () => {
    expect(shape('{}', 'application/json', 'base64')).toEqual(base64('{}'));
    expect(shape('', 'application/json', 'base64')).toBeNull();
  });

  test('none takes nothing', () => {
    expect(shape('{}', 'application/json', 'none')).toBeNull();
  });
});

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodingsIn, encodingToSave, isEncoded } from '../../src/http/content-encoding.ts';
import { decode } from '../../src/http/decode.ts';

describe('what is no encoding is ignored', () => {
  test.each([
    'UTF-8',
    'utf8',
    'ISO-8859-1',
    'windows-1252',
    'gbk',
    'us-ascii',
    'utf-16le',
    'binary',
    '8bit',
    'none',
    ',',
  ])('%s', async (token) => {
    expect(encodingsIn(token)).toEqual([]);
    expect(isEncoded(token)).toBe(false);
    expect(await decode(Buffer.from('text'), token, 100)).toEqual(Buffer.from('text'));
    expect(await decode(gzipSync('text'), `${token}, gzip, ,`, 100)).toEqual(Buffer.from('text'));
  });

  test.each(['compress', 'klingon', 'gzip', 'br', 'zstd', 'deflate', 'x-gzip'])('%s is one', (token) => {
    expect(encodingsIn(`utf-8, ${token.toUpperCase()}`)).toEqual([token]);
    expect(isEncoded(token)).toBe(true);
  });
});

describe('an archive is saved as it is', () => {
  const saved = (encoding: string, type: string, url: string, given: string | null = null) =>
    encodingToSave(encoding, type, { given, urls: [url] });

  test.each([
    ['gzip', 'application/x-tar', 'http://h/x.tar.gz'],
    ['x-gzip', 'application/x-gzip', 'http://h/x.tgz?a=b.html'],
    ['gzip', 'image/svg+xml', 'http://h/x.SVGZ'],
    ['gzip', 'text/csv; charset=utf-8', 'http://h/data.csv.gz'],
    ['gzip', 'text/html', 'http://h/page.html.gz'],
    ['gzip', 'application/json', 'http://h/data.json.gz'],
    ['gzip', '', 'http://h/x.gz'],
    ['gzip', 'application/gzip', 'http://h/download'],
    ['zstd', 'application/octet-stream', 'http://h/x.tar.zst'],
    ['br', 'application/octet-stream', 'http://h/x.js.br'],
    ['x-bzip2', 'application/x-tar', 'http://h/x.tar.bz2'],
    ['x-compress', 'application/x-tar', 'http://h/x.tar.Z'],
    ['xz', 'application/x-tar', 'http://h/x.tar.xz'],
  ])('%s of %s at %s', (encoding, type, url) => {
    expect(saved(encoding, type, url)).toBe('');
  });

  test.each([
    ['gzip', 'application/x-tar', 'http://h/x.tar'],
    ['gzip', 'text/html', 'http://h/blob/x.tar.gz'],
    ['gzip', 'application/json; charset=utf-8', 'http://h/api/x.gz'],
    ['gzip', 'image/svg+xml', 'http://h/x.svg'],
    ['br', 'application/x-tar', 'http://h/x.tar.gz'],
    ['gzip', 'text/plain', 'http://h/gz'],
    ['gzip', 'text/plain', 'http://h.gz/?x.gz'],
    ['utf-8', 'application/gzip', 'http://h/x.gz'],
  ])('%s of %s at %s is undone', (encoding, type, url) => {
    expect(saved(encoding, type, url)).toBe(encoding);
  });

  test('the name that the user gives counts before those of URLs', () => {
    expect(saved('gzip', 'application/gzip', 'http://h/x.tar.gz', 'x.tar')).toBe('gzip');
    expect(saved('gzip', 'application/octet-stream', 'http://h/x', 'x.gz')).toBe('');
    expect(saved('gzip', 'application/x-tar', 'http://h/x.tar.gz', 'seven')).toBe('');
  });

  test('what is put on it for the way is undone', () => {
    expect(saved('gzip, br', 'application/x-tar', 'http://h/x.tar.gz')).toBe('br');
  });
});

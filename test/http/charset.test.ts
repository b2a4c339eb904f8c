import { describe, expect, test } from 'vitest';
import { shapeBody } from '../../src/http/body.ts';
import { declaredEncoding } from '../../src/http/charset.ts';

const nihao = Buffer.from([0xc4, 0xe3, 0xba, 0xc3]);
const page = (...parts: readonly (string | Buffer)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

describe('a page that names its charset itself is read by it', () => {
  test.each([
    '<meta charset=gbk>',
    '<META CHARSET="GB2312" />',
    "<meta charset = 'gbk'>",
    '<meta/charset=gbk>',
    '<meta http-equiv="Content-Type" content="text/html; charset=gbk">',
    '<meta content="text/html;charset = \'gbk\'" http-equiv=content-type>',
    '<!doctype html><html lang="zh"><head><title>a</title><meta name=x content="charset=utf-8"><meta charset=gbk>',
    '<!-- <meta charset=utf-8> --><meta charset=gbk>',
    '<!--><meta charset=gbk>',
    '<a title="<meta charset=utf-8>"><meta charset=gbk>',
    '<a title=\'>\' x="<meta charset=utf-8>"></a ><? pi ><meta charset=gbk>',
    '<meta charset=klingon><meta charset=gbk>',
    '<metadata charset=utf-8><meta charset=gbk>',
    '< meta charset=utf-8><meta charset=gbk>',
    '<?xml version="1.0" encoding="gbk"?><html>',
    '\n<meta charset=" gbk ">',
  ])('%s', (head) => {
    const body = shapeBody(page(head, nihao), 'text/html', 'auto');
    expect(body).toMatchObject({ kind: 'text', text: expect.stringMatching(/你好$/) });
    expect(body).not.toHaveProperty('replaced');
  });

  test.each(['text/xml', 'application/xml', 'application/rss+xml', 'image/svg+xml', 'application/xhtml+xml'])(
    'XML of type %s by its declaration',
    (type) => {
      const body = page('<?xml version="1.0" encoding="GBK" ?><a>', nihao, '</a>');
      expect(shapeBody(body, type, 'auto')).toMatchObject({ kind: 'text', text: expect.stringContaining('你好') });
      const quoted = page("<?xml version='1.0' encoding = 'Shift_JIS'?><a>", Buffer.from([0x82, 0xa0]));
      expect(shapeBody(quoted, type, 'auto')).toMatchObject({ text: expect.stringMatching(/あ$/) });
    },
  );

  test('windows-1252, as browsers read iso-8859-1', () => {
    const body = page('<meta charset=iso-8859-1>', Buffer.from([0x93, 0xfc, 0x94]));
    expect(shapeBody(body, 'text/html', 'auto')).toMatchObject({ text: expect.stringMatching(/“ü”$/) });
  });

  test('single bytes that do not fit are counted', () => {
    const body = page('<meta charset=gbk>', nihao, Buffer.from([0xff]), nihao);
    expect(shapeBody(body, 'text/html', 'auto')).toMatchObject({ kind: 'text', replaced: 1 });
  });
});

describe('the header and the byte order mark come first', () => {
  test('the header', () => {
    const body = page('<meta charset=shift_jis>', nihao);
    expect(shapeBody(body, 'text/html; charset=gbk', 'auto')).toMatchObject({ text: expect.stringMatching(/你好$/) });
    expect(shapeBody(body, 'text/html; charset=klingon', 'auto')).not.toMatchObject({
      text: expect.stringMatching(/你好$/),
    });
  });

  test('the byte order mark', () => {
    const body = Buffer.from('\ufeff<meta charset=gbk>ü');
    expect(shapeBody(body, 'text/html; charset=gbk', 'auto')).toEqual({ kind: 'text', text: '<meta charset=gbk>ü' });
    const wide = Buffer.from('\ufeff<?xml encoding="gbk"?>ü', 'utf16le');
    expect(shapeBody(wide, 'text/xml', 'auto')).toEqual({ kind: 'text', text: '<?xml encoding="gbk"?>ü' });
  });

  test('UTF-16 without a mark, where XML begins', () => {
    const text = '<?xml version="1.0"?><a>ü</a>';
    expect(shapeBody(Buffer.from(text, 'utf16le'), 'text/xml', 'auto')).toEqual({ kind: 'text', text });
    expect(shapeBody(Buffer.from(text, 'utf16le').swap16(), 'text/xml', 'auto')).toEqual({ kind: 'text', text });
  });
});

describe('where nothing is declared, nothing is found', () => {
  test.each([
    ['text/plain', '<meta charset=gbk>'],
    ['text/css', '@charset "gbk";'],
    ['application/xml', '<meta charset=gbk>'],
    ['text/html', `${' '.repeat(1024)}<meta charset=gbk>`],
    ['text/html', '<meta content="text/html; charset=gbk">'],
    ['text/html', '<script>'.padEnd(1020, 'x').concat('<meta charset=gbk>')],
    ['text/xml', ' <?xml encoding="gbk"?>'],
  ])('%s', (type, head) => {
    expect(shapeBody(page(head, nihao), type, 'auto')).toMatchObject({ kind: 'base64' });
  });

  test('one that is cut off, wherever', () => {
    const head = '<!doctype html><meta http-equiv="content-type" content="text/html; charset=gbk">';
    for (let end = 0; end < head.length - 1; end++)
      expect(declaredEncoding(Buffer.from(head.slice(0, end)), 'html')).toBeNull();
    expect(declaredEncoding(Buffer.from(head), 'html')).toBe('gbk');
  });

  test('UTF-16 that is declared in ASCII is UTF-8', () => {
    expect(declaredEncoding(Buffer.from('<meta charset=utf-16>'), 'html')).toBe('utf-8');
    expect(declaredEncoding(Buffer.from('<?xml encoding="UTF-16BE"?>'), 'xml')).toBe('utf-8');
    expect(declaredEncoding(Buffer.from('<meta charset=x-user-defined>'), 'html')).toBe('windows-1252');
  });
});

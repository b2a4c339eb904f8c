import { describe, expect, test } from 'vitest';
import { createDryRow, type DryJob } from '../../src/output/dry-row.ts';
import { Failure } from '../../src/record/failure.ts';
import type { HttpRequest } from '../../src/record/request.ts';
import { type DryRow, parseRow } from '../support/row.ts';

const request: HttpRequest = {
  origin: 'https://api.example',
  host: 'api.example:443',
  path: '/orders?page=2',
  url: 'https://api.example/orders',
  method: 'POST',
  headers: ['accept', '*/*', 'content-type', 'application/json', 'x-team', 'blue'],
  body: null,
};
const job: DryJob = { index: 0, id: null, failure: null, url: 'x', method: 'GET', request, secrets: [] };

function lineOf(changes: Partial<HttpRequest>, secrets: string[] = [], own: string[] = []): string {
  return createDryRow(secrets)({ ...job, request: { ...request, ...changes }, secrets: own });
}
const rowOf = (...args: Parameters<typeof lineOf>) => parseRow(lineOf(...args)) as unknown as DryRow;

describe('createDryRow', () => {
  test('tells what would be sent, and shows no header but the harmless ones', () => {
    expect(lineOf({ body: '{"n":1}' })).toBe(
      '{"index":0,"id":null,"ok":true,"dry_run":true,"url":"https://api.example/orders?page=2","method":"POST",' +
        '"headers":{"accept":"*/*","content-type":"application/json","x-team":"***"},"body":{"n":1},"error":null}',
    );
  });

  test('a line that fails keeps what is known of it', () => {
    const failure = new Failure('template', 'stdin:1: {{id}}: the record has no `id`');
    const line = createDryRow([])({ ...job, id: 'a', url: '/x', failure, request: null });
    expect(parseRow(line)).toMatchObject({ id: 'a', ok: false, url: '/x', headers: null, body: null });
    expect(parseRow(line).error).toMatchObject({ code: 'template', retryable: false });
  });

  test('a JSON body keeps each digit, also where a secret is taken out of it', () => {
    const body = '{"n":12345678901234567890,"m":1.0,"t":"token-1","u":"t\\u006fken-1"}';
    expect(lineOf({ body })).toContain(body);
    const masked = lineOf({ body }, ['token-1']);
    expect(masked).toContain('"body":{"n":12345678901234567890,"m":1.0,"t":"***","u":"***"}');
    expect(lineOf({ body: '{"n":1.0}' }, ['token-1'])).toContain('"body":{"n":1.0}');
  });

  test('a body that only claims to be JSON is text, and bytes that are none are base64', () => {
    expect(rowOf({ body: 'no json' }).body).toBe('no json');
    expect(rowOf({ body: 'a=b&c=token-1', headers: [] }, ['token-1']).body).toBe('a=b&c=***');
    expect(rowOf({ body: new Uint8Array([104, 105]) }).body).toBe('hi');
    expect(rowOf({ body: new Uint8Array([255, 0]) })).toMatchObject({ body_base64: '/wA=' });
  });

  test('a secret is masked wherever it stands, that of one line in its row alone', () => {
    const row = rowOf({ path: '/?key=token-1', headers: ['user-agent', 'my token-1'], body: '"token-1"' }, ['token-1']);
    expect(JSON.stringify(row)).not.toContain('token-1');
    const render = createDryRow([]);
    const body = '{"p":"hush-1"}';
    const mine = render({ ...job, request: { ...request, body }, secrets: ['hush-1'] });
    expect(mine).toContain('{"p":"***"}');
    expect(render({ ...job, request: { ...request, body } })).toContain(body);
  });

  test('headers of one name become one value', () => {
    expect(rowOf({ headers: ['accept', 'a/a', 'accept', 'b/b', 'x', '1', 'x', '2'] }).headers).toEqual({
      accept: 'a/a, b/b',
      x: '***',
    });
  });

  test('what is remembered from the row before never shows in the next one', () => {
    const render = createDryRow([]);
    const first = { ...request, body: '{"n":1}' };
    const others: HttpRequest[] = [
      first,
      { ...first, headers: ['content-type', 'text/plain'] },
      { ...first, body: '{"n":2}' },
      { ...first, body: null },
      first,
    ];
    const rows = others.map((one) => render({ ...job, request: one }));
    expect(rows).toEqual(others.map((one) => createDryRow([])({ ...job, request: one })));
  });
});

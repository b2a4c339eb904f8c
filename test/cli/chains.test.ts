import { describe, expect, test } from 'vitest';
import { json, reply } from '../support/answers.ts';
import { ndjson } from '../support/input.ts';
import { startServer } from '../support/server.ts';
import { shell, sluice } from '../support/sluice.ts';

describe('sluice fetch | sluice fetch --url', () => {
  test('rows in, rows out: ids are kept, failed rows stay failed without a call, and the exit code says so', async () => {
    const server = await startServer();
    server.on('/1', json(`{"next":"${server.at('/next/1?x=1&y')}","n":12345678901234567890}`));
    server.on('/2', reply(404));
    const input = ndjson({ id: 'one', url: server.at('/1') }, { id: 'two', url: server.at('/2') });
    const script = `sluice fetch --retries 0 | sluice fetch --url '{{body.next}}' -H 'x-n: {{body.n}}' | sluice fetch --url '${server.url}/last/{{id}}/{{status}}' --ordered`;
    const run = await shell(script, { input });
    expect(run.exitCode).toBe(1);
    expect(run.rows.find(({ id }) => id === 'one')).toMatchObject({ ok: true, url: server.at('/last/one/200') });
    const failed = run.rows.find(({ id }) => id === 'two');
    expect(failed).toMatchObject({ ok: false, attempts: 0, url: null, error: { code: 'upstream' } });
    // Through two stages, and told once.
    expect(failed?.error?.cause?.code).toBe('http');
    expect(failed?.error?.message.match(/had failed/g)).toHaveLength(1);
    expect(failed?.error?.message).toMatch(/had failed \(http\): .*404/);
    expect(server.callsOf('/next/1')[0]).toMatchObject({
      path: '/next/1?x=1&y',
      headers: { 'x-n': '12345678901234567890' },
    });
    expect(server.calls.map(({ path }) => path.replace(/\?.*/, '')).sort()).toEqual([
      '/1',
      '/2',
      '/last/one/200',
      '/next/1',
    ]);
  });

  test('a failed row that --merge has put into its record stays failed too', async () => {
    const server = await startServer();
    server.on('/gone', reply(404));
    const script = `sluice fetch --merge row --retries 0 | sluice fetch --url '${server.url}/charge/{{id}}' -X POST`;
    const run = await shell(script, { input: ndjson({ id: 'b', url: server.at('/gone') }) });
    expect(run.rows[0]).toMatchObject({ ok: false, attempts: 0, error: { code: 'upstream' } });
    expect(server.callsOf('/charge/b')).toEqual([]);
  });

  test('the answer’s body, headers and method are not the next request’s', async () => {
    const server = await startServer({ '/': reply(200, 'the answer', { 'x-secret': '1' }) });
    const first = await sluice(['fetch', '--include', 'headers,request', '-d', 'asked', server.at('/')]);
    await sluice(['fetch', '--url', server.at('/second')], { input: first.stdout });
    const [call] = server.callsOf('/second');
    expect(call).toMatchObject({ method: 'GET', body: '' });
    expect(call?.headers).not.toHaveProperty('x-secret');
  });

  test('a failed row keeps its own id where --id cannot be made of it', async () => {
    const input = ndjson({ index: 0, id: 'a', ok: false, attempts: 1, error: { code: 'http', message: 'no' } });
    const run = await sluice(['fetch', '--url', 'http://127.0.0.1:1/{{body.x}}', '--id', '{{body.x}}'], { input });
    expect(run.row(0)).toMatchObject({ id: 'a', error: { code: 'upstream', cause: { code: 'http', message: 'no' } } });
  });
});

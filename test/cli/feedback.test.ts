import { describe, expect, test } from 'vitest';
import { inTurn, json, reply } from '../support/answers.ts';
import { lines, ndjson } from '../support/input.ts';
import { startServer } from '../support/server.ts';
import { type Ended, shell, sluice } from '../support/sluice.ts';

const once = ['fetch', '--retries', '0'];
const failed = (run: Ended) => lines(...run.lines.filter((line) => JSON.parse(line).ok === false));

describe('promise 11: rows feed back', () => {
  test('the failures of a run, through jq, are the input of the next', async () => {
    const server = await startServer({ '/flaky': inTurn(reply(500), reply(200, 'well')), '/gone': reply(404) });
    const input = ndjson(
      { url: server.at('/a') },
      { url: server.at('/flaky'), id: 'flaky' },
      { url: server.at('/gone'), id: 'gone' },
    );
    const script = 'sluice fetch --retries 0 | jq -c "select(.ok == false)" | sluice fetch --retries 0';
    const run = await shell(script, { input });
    expect(run.exitCode).toBe(1);
    expect(run.rows).toHaveLength(2);
    expect(run.rows.find((row) => row.id === 'flaky')).toMatchObject({
      ok: true,
      url: server.at('/flaky'),
      body: 'well',
      attempts: 1,
    });
    expect(run.rows.find((row) => row.id === 'gone')).toMatchObject({ ok: false, status: 404 });
    expect(server.callsOf('/a')).toHaveLength(1);
  });

  test('method and id are kept; the answer’s body and headers are not sent', async () => {
    const server = await startServer({ '/': json('{"error": "down"}', 500) });
    const first = await sluice([...once, '--include', 'headers'], {
      input: ndjson(
        { url: server.at('/'), method: 'DELETE', id: 'd' },
        { url: server.at('/'), method: 'HEAD', id: 'h' },
        { url: server.at('/') },
      ),
    });
    const before = server.calls.length;
    const again = await sluice([...once, '-c', '1'], { input: failed(first) });
    expect(again.rows.map((row) => `${row.method} ${row.id}`).sort()).toEqual(['DELETE d', 'GET null', 'HEAD h']);
    for (const call of server.calls.slice(before)) {
      expect(call.body).toBe('');
      expect(call.headers).not.toHaveProperty('content-type');
    }
  });

  test('a row that is ok is done again as well', async () => {
    const server = await startServer();
    const first = await sluice([...once, server.at('/a')]);
    const again = await sluice(once, { input: first.stdout });
    expect(again.row(0)).toMatchObject({ ok: true, url: server.at('/a') });
    expect(server.calls).toHaveLength(2);
  });

  test('a POST row without its request cannot be repeated: `input`, naming --include request', async () => {
    const server = await startServer({ '/': reply(500) });
    const first = await sluice(once, {
      input: ndjson({ url: server.at('/'), method: 'POST', body: { a: 1 }, id: 'p' }),
    });
    const again = await sluice(once, { input: failed(first) });
    expect(again.row(0)).toMatchObject({ id: 'p', attempts: 0, error: { code: 'input' } });
    expect(again.row(0).error?.message).toContain('--include request');
    expect(server.calls).toHaveLength(1);
  });

  test('with its request a POST row is repeated to the letter', async () => {
    const server = await startServer({ '/': inTurn(reply(500), reply(200)) });
    const body = '{"n":12345678901234567890,"a":"é"}';
    const record = `{"url":"${server.at('/?a=b')}","method":"POST","headers":{"X-A":"1"},"body":${body},"id":"p"}`;
    const first = await sluice([...once, '--include', 'request'], { input: lines(record) });
    const again = await sluice(once, { input: failed(first) });
    expect(again.row(0)).toMatchObject({ ok: true, id: 'p', method: 'POST' });
    const [one, two] = server.calls;
    expect(two).toMatchObject({ method: 'POST', path: '/?a=b', body: one?.body });
    expect(Buffer.from(two?.body ?? '', 'latin1').toString()).toBe(body);
    expect(two?.headers).toMatchObject({ 'x-a': '1', 'content-type': 'application/json' });
  });

  test('a masked credential is never sent as one; it is given again', async () => {
    const server = await startServer({ '/': reply(500) });
    const first = await sluice([
      ...once,
      '--include',
      'request',
      '-u',
      'user:pass',
      '-H',
      'x-api-key: k3y',
      server.at('/'),
    ]);
    await sluice(once, { input: failed(first) });
    await sluice([...once, '-u', 'user:pass', '-H', 'x-api-key: k3y'], { input: failed(first) });
    const [one, bare, given] = server.calls;
    expect(bare?.headers).not.toHaveProperty('authorization');
    expect(bare?.headers).not.toHaveProperty('x-api-key');
    expect(given?.headers).toMatchObject({ authorization: one?.headers.authorization, 'x-api-key': 'k3y' });
  });

  test('nor is what stands for a password in a URL', async () => {
    const server = await startServer({ '/': reply(500) });
    const first = await sluice([...once, server.at('/').replace('http://', 'http://user:s3cr3t@')]);
    await sluice(once, { input: failed(first) }); // whether it goes without or fails is not the point here
    expect(server.calls.filter((call) => 'authorization' in call.headers)).toHaveLength(1);
    const given = await sluice([...once, '-u', 'user:s3cr3t'], { input: failed(first) });
    expect(given.row(0).status).toBe(500);
    expect(server.calls.at(-1)?.headers.authorization).toBe(server.calls[0]?.headers.authorization);
  });

  test('rows of lines that were no jobs, and of cancelled ones, feed back too', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const first = await sluice([...once, '--fail-fast', '-c', '1'], {
      input: lines('not a url', server.at('/a'), server.at('/b')),
    });
    const again = await sluice(once, { input: failed(first) });
    expect(again.rows).toHaveLength(first.rows.filter((row) => !row.ok).length);
    expect(again.rows.find(({ url }) => url === 'not a url')?.error?.code).toBe('input');
    for (const row of again.rows.filter(({ url }) => url !== 'not a url')) expect(row.ok).toBe(true);
  });
});

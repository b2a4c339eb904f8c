import { describe, expect, test } from 'vitest';
import { hangUp, holdAnswers, inTurn, redirect, reply } from '../support/answers.ts';
import { lines, ndjson } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { type CountingServer, startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const quick = ['fetch', '--retry-delay', '1ms'];
const keysOf = (server: CountingServer) => server.calls.map(({ headers }) => String(headers['idempotency-key']));

describe('--idempotency-key', () => {
  const post = [...quick, '--idempotency-key', '-X', 'POST'];

  test('a POST that may have acted is tried again, with the same key; without the flag it is not', async () => {
    const server = await startServer({ '/': inTurn(hangUp, reply(500), reply(200)) });
    const run = await sluice([...post, '-d', 'x', server.at('/')]);
    expect(run.row(0)).toMatchObject({ ok: true, attempts: 3 });
    expect(new Set(keysOf(server)).size).toBe(1);
    expect(keysOf(server)[0]).toMatch(/^[\w-]{32}$/);
    const other = await startServer({ '/': reply(500) });
    expect((await sluice([...quick, '-d', 'x', other.at('/')])).row(0).attempts).toBe(1);
    expect(keysOf(other)).toEqual(['undefined']);
  });

  test('each job has its own, also one that is the same to the letter as another', async () => {
    const server = await startServer();
    const same = { url: server.at('/'), body: 'x' };
    await sluice(post, {
      input: ndjson(same, same, { ...same, id: 'a' }, { ...same, id: 'b' }, { ...same, body: 'y' }),
    });
    expect(new Set(keysOf(server)).size).toBe(5);
  });

  test('it is the same after --resume, in whatever order the jobs come', async () => {
    const cwd = temporaryFolder();
    const server = await startServer({ '/': reply(500) });
    const jobs = [1, 1, 2].map((n) => ({ url: server.at('/'), body: { n } }));
    const named = { id: 'a', url: server.at('/'), body: { n: 1 } };
    const to = [...post, '--retries', '0', '-o', 'out.ndjson'];
    await sluice(to, { input: ndjson(...jobs, named), cwd, isRows: false });
    const before = keysOf(server).sort();
    await sluice([...to, '--resume'], { input: ndjson(named, ...jobs.toReversed()), cwd, isRows: false });
    expect(before).toHaveLength(4);
    expect(keysOf(server).slice(4).sort()).toEqual(before);
  });

  test('of two jobs that are the same, --resume does the one that failed', async () => {
    const cwd = temporaryFolder();
    const server = await startServer({ '/': inTurn(reply(500), reply(200), reply(200)) });
    const same = { url: server.at('/'), body: 'x' };
    const to = [...post, '--retries', '0', '-c', '1', '-o', 'out.ndjson'];
    await sluice(to, { input: ndjson(same, same), cwd, isRows: false });
    await sluice([...to, '--resume'], { input: ndjson(same, same), cwd, isRows: false });
    const [failed, , again, ...more] = keysOf(server);
    expect(again).toBe(failed);
    expect(more).toEqual([]);
  });

  test('a key that the user or the record brings stays', async () => {
    const server = await startServer();
    const input = ndjson(
      { url: server.at('/a'), headers: { 'Idempotency-Key': 'own' } },
      { url: server.at('/b'), n: 7 },
    );
    await sluice([...post, '-H', 'idempotency-key: k{{n}}', '-c', '1'], { input });
    expect(keysOf(server)).toEqual(['own', 'k7']);
  });

  test('it goes along when another origin is asked for the same', async () => {
    const second = await startServer();
    const first = await startServer({ '/': redirect(second.at('/'), 307) });
    await sluice([...post, '-d', 'x', first.at('/')]);
    expect(keysOf(second)).toEqual(keysOf(first));
  });
});

describe('--unique', () => {
  const unique = [...quick, '--unique'];

  test('the same request is sent once, and each line has its row, with its own index and id', async () => {
    const held = holdAnswers(reply(200, 'well'));
    const server = await startServer({ '/a': held.handler, '/b': reply(404) });
    held.open();
    const input = ndjson(
      { id: 1, url: server.at('/a') },
      { id: 2, url: server.at('/a') },
      { id: 3, url: server.at('/b') },
      { id: 4, url: server.at('/b') },
      { id: 5, url: server.at('/a') },
    );
    const run = await sluice([...unique, '--ordered', '--include', 'headers,attempts'], { input });
    expect(run.exitCode).toBe(1);
    expect(server.calls).toHaveLength(2);
    expect(run.rows.map(({ index, id, ok, status }) => [index, id, ok, status])).toEqual([
      [0, '1', true, 200],
      [1, '2', true, 200],
      [2, '3', false, 404],
      [3, '4', false, 404],
      [4, '5', true, 200],
    ]);
    expect(run.rows.map(({ attempts }) => attempts)).toEqual([1, 0, 1, 0, 0]);
    expect(run.row(4)).toMatchObject({ body: 'well', bytes: 4, duration_ms: null, attempt_log: [] });
    expect(run.row(3).error).toEqual(run.row(2).error);
    expect(run.row(1).headers).toEqual(run.row(0).headers);
  });

  test('those in flight wait for it and take neither slot nor token, retries and redirects included', async () => {
    const server = await startServer();
    server.on('/a', redirect('/there'));
    server.on('/there', inTurn(reply(500), reply(200, 'well')));
    const input = lines(...Array.from({ length: 200 }, () => server.at('/a')));
    const run = await sluice([...unique, '-c', '1', '-r', '20/s'], { input });
    expect(run.rows.filter(({ ok, redirects }) => ok && redirects === 1)).toHaveLength(200);
    expect(server.calls).toHaveLength(4);
  });

  test('what differs in method, body or a header is another request', async () => {
    const server = await startServer();
    const url = server.at('/');
    const input = ndjson(
      { url },
      { url, method: 'PUT' },
      { url, method: 'PUT', body: 'x' },
      { url, headers: { 'x-a': '1' } },
      { url },
    );
    const run = await sluice(unique, { input });
    expect(run.rows).toHaveLength(5);
    expect(server.calls).toHaveLength(4);
  });

  test('with --idempotency-key one is sent, with one key', async () => {
    const server = await startServer();
    await sluice([...unique, '--idempotency-key', '-d', 'x', server.at('/'), server.at('/')]);
    expect(server.calls).toHaveLength(1);
  });

  test('a run that is stopped gives those who wait their rows as well', async () => {
    const server = await startServer({ '/a': holdAnswers().handler, '/b': reply(404) });
    const input = lines(server.at('/a'), server.at('/a'), server.at('/a'), server.at('/b'));
    const run = await sluice([...unique, '--fail-fast'], { input });
    expect(run.exitCode).toBe(3);
    expect(run.rows.filter(({ error }) => error?.code === 'cancelled')).toHaveLength(3);
  });
});

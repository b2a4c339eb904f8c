import { describe, expect, test } from 'vitest';
import { echo, inTurn, redirect, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines, ndjson } from '../support/input.ts';
import { closedPort } from '../support/raw-server.ts';
import { startServer } from '../support/server.ts';
import { type RunOptions, sluice } from '../support/sluice.ts';

const everything = [
  '--include',
  'headers,timings,attempts,input,request',
  '-v',
  '--summary',
  'table',
  '--progress',
  '--retry-delay',
  '1ms',
];
const secret = 's3cr3t-pa55';

/** The same call against a server that is well, one that fails, one that sends away, and one that is not there. */
async function expectHidden(
  args: string[],
  hidden: string[],
  options: RunOptions & { lineOf?: (url: string) => string } = {},
) {
  const { lineOf = (url) => url, ...others } = options;
  const elsewhere = await startServer();
  const server = await startServer({
    '/well': reply(200, 'fine'),
    '/fails': reply(404, 'gone'),
    '/flaky': inTurn(reply(500), reply(200)),
    '/moved': redirect(elsewhere.at('/')),
    '/tells': (call, response) =>
      response
        .writeHead(200, { 'x-you-said': `${call.headers.authorization ?? call.headers.cookie ?? 'nothing'}` })
        .end('ok'),
  });
  const urls = ['/well', '/fails', '/flaky', '/moved', '/tells'].map((path) => server.at(path));
  urls.push(`http://127.0.0.1:${await closedPort()}/`, `http://${'x'.repeat(64)}.invalid/`);
  const run = await sluice(['fetch', ...everything, ...args], { ...others, input: lines(...urls.map(lineOf)) });
  expect(run.rows).toHaveLength(urls.length);
  for (const text of hidden) {
    expect(run.stdout).not.toContain(text);
    expect(run.stderr).not.toContain(text);
  }
  return { server, run };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('promise 10: secrets stay secret, in rows, on stderr and with -v', () => {
  test('-u', async () => {
    const { server } = await expectHidden(['-u', `user:${secret}`], [secret, base64(`user:${secret}`)]);
    expect(server.calls[0]?.headers.authorization).toBe(`Basic ${base64(`user:${secret}`)}`);
  });

  test('--bearer-env', async () => {
    const { server } = await expectHidden(['--bearer-env', 'API_TOKEN'], [secret], { env: { API_TOKEN: secret } });
    expect(server.calls[0]?.headers.authorization).toBe(`Bearer ${secret}`);
  });

  test('-H authorization, in any case and with any scheme', async () => {
    const { server } = await expectHidden(['-H', `Authorization: Token ${secret}`], [secret]);
    expect(server.calls[0]?.headers.authorization).toBe(`Token ${secret}`);
  });

  test('-H with a key of an API', async () => {
    const { server } = await expectHidden(['-H', `x-api-key: ${secret}`], [secret]);
    expect(server.calls[0]?.headers['x-api-key']).toBe(secret);
  });

  test('-b', async () => {
    const { server } = await expectHidden(['-b', `session=${secret}`], [secret]);
    expect(server.calls[0]?.headers.cookie).toBe(`session=${secret}`);
  });

  test('user and password in a URL', async () => {
    const lineOf = (url: string) => url.replace('http://', `http://user:${secret}@`);
    const { server, run } = await expectHidden([], [secret, base64(`user:${secret}`)], { lineOf });
    expect(server.calls[0]?.headers.authorization).toBe(`Basic ${base64(`user:${secret}`)}`);
    expect(run.row(0).url).toMatch(/^http:\/\/(\*+@)?127\.0\.0\.1:\d+\/well$/);
  });

  test('user and password in a URL that is none, or none of ours', async () => {
    const input = lines(
      `http://user:${secret}@127.0.0.1:99999/`,
      `ftp://user:${secret}@127.0.0.1/`,
      `http://user:${secret}@[::/`,
    );
    const run = await sluice(['fetch', ...everything], { input });
    for (const row of run.rows) expect(row.error?.code).toBe('input');
    expect(run.stdout + run.stderr).not.toContain(secret);
  });

  test('a percent-encoded password is sent decoded, and hidden in both forms', async () => {
    const server = await startServer();
    const run = await sluice([
      'fetch',
      ...everything,
      server.at('/').replace('http://', 'http://us%40er:p%3Ass%2Fw0rd@'),
    ]);
    expect(server.calls[0]?.headers.authorization).toBe(`Basic ${base64('us@er:p:ss/w0rd')}`);
    for (const text of ['p%3Ass', 'p:ss/w0rd']) expect(run.stdout + run.stderr).not.toContain(text);
  });

  test('the headers of a record', async () => {
    const lineOf = (url: string) => ndjson({ url, headers: { Authorization: `Bearer ${secret}` } }).trim();
    const { server } = await expectHidden([], [secret], { lineOf });
    expect(server.calls[0]?.headers.authorization).toBe(`Bearer ${secret}`);
  });

  test('a body is the server’s own', async () => {
    const server = await startServer({ '/': echo() });
    const run = await sluice(['fetch', '-u', `user:${secret}`, server.at('/')]);
    expect(run.stdout).toContain(base64(`user:${secret}`));
  });
});

test('--bearer-env that was given the token itself does not tell it', async () => {
  const tokens = ['sk-proj-9f8e7d6c', 'ghp_9f8E7d6C', 'eyJhbGciOi.9f8e'];
  const said = await expectRefused(
    tokens.map((token) => [['fetch', '--bearer-env', token, 'http://h.example/'], '--bearer-env: ']),
  );
  for (const [at, token] of tokens.entries()) expect(said[at]).not.toContain(token);
});

test('--bearer-env with a variable that is not set is wrong usage that names it', async () => {
  const server = await startServer();
  const args = ['fetch', '--bearer-env', 'API_TOKEN', server.at('/')];
  await expectRefused([
    [args, /bearer-env.*API_TOKEN/, { env: {} }],
    [args, /bearer-env.*API_TOKEN/, { env: { API_TOKEN: '' } }],
  ]);
  expect(server.calls).toEqual([]);
});

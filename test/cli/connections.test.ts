import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redirect, reply } from '../support/answers.ts';
import { issue, issueServer } from '../support/certificates.ts';
import { data, goaway, head, type Piece, reset, startFrameServer } from '../support/frames.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import { startProxy } from '../support/proxy.ts';
import { startRawServer } from '../support/raw-server.ts';
import { startServer } from '../support/server.ts';
import { sluice, start } from '../support/sluice.ts';
import { startHttp2Server, startTlsServer } from '../support/tls-server.ts';

const once = ['fetch', '--retries', '0'];

describe('TLS', () => {
  test('--cacert trusts an authority, -k trusts anybody, and without them nobody is', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const server = await startTlsServer(identity);
    const strict = await sluice(['fetch', '--retry-delay', '1ms', server.url]);
    expect(strict.row(0)).toMatchObject({
      attempts: 1,
      status: null,
      error: { code: 'tls', phase: 'connect', retryable: false },
    });
    expect((await sluice([...once, '--cacert', 'ca.pem', server.url], { cwd })).row(0)).toMatchObject({
      ok: true,
      body: 'ok',
    });
    expect((await sluice([...once, '-k', server.url])).row(0)).toMatchObject({ ok: true, body: 'ok' });
  });

  test('--cacert takes the place of the usual authorities, and a certificate for another host stays wrong', async () => {
    const { authority } = await issueServer();
    const identity = await issue('elsewhere.example', { by: authority });
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const server = await startTlsServer(identity);
    const run = await sluice([...once, '--cacert', 'ca.pem', server.url], { cwd });
    expect(run.row(0).error).toMatchObject({ code: 'tls', cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });

  test('--cert and --key show who we are to a server that wants to know', async () => {
    const { authority, server: identity } = await issueServer();
    const own = await issue('me', { by: authority });
    const cwd = temporaryFolder({
      'ca.pem': authority.cert,
      'me.pem': own.cert,
      'me.key': own.key,
      'both.pem': `${own.cert}\n${own.key}`,
    });
    const options = { ...identity, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    const server = await startTlsServer(options);
    const trusting = [...once, '--cacert', 'ca.pem', server.url];
    expect((await sluice([...trusting, '--cert', 'me.pem', '--key', 'me.key'], { cwd })).row(0).body).toBe('ok');
    expect((await sluice([...trusting, '--cert', 'both.pem'], { cwd })).row(0).body).toBe('ok');
  });

  test.each([
    ['TLSv1.3', /wants to know who calls/],
    ['TLSv1.2', /wants a certificate of ours/],
  ] as const)(
    'a server of %s that wants a certificate says so; that is `tls`, and not tried again',
    async (version, told) => {
      const { authority, server: identity } = await issueServer();
      const cwd = temporaryFolder({ 'ca.pem': authority.cert });
      const asks = { ca: authority.cert, requestCert: true, rejectUnauthorized: true };
      const server = await startTlsServer({ ...identity, ...asks, minVersion: version, maxVersion: version });
      for (const speaking of [[], ['--http2']]) {
        const run = await sluice(['fetch', ...speaking, '--retry-delay', '1ms', '--cacert', 'ca.pem', server.url], {
          cwd,
        });
        expect(run.row(0)).toMatchObject({ status: null, attempts: 1, error: { code: 'tls', phase: 'connect' } });
        expect(run.row(0).error?.message).toMatch(told);
      }
    },
  );

  test('files that will not do are wrong usage, and nothing is sent', async () => {
    const { authority, server } = await issueServer();
    const locked = await issue('me', { by: authority, passphrase: 'secret word' });
    const cwd = temporaryFolder({
      'ca.pem': authority.cert,
      'me.pem': server.cert,
      'other.key': authority.key,
      'locked.key': locked.key,
      'no.pem': 'hello',
      'bad.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    });
    const target = await startServer();
    const wrong: [flags: string[], says: RegExp][] = [
      [['--cacert', 'gone.pem'], /--cacert: cannot read gone\.pem: there is no such file/],
      [['--cacert', 'no.pem'], /--cacert: there is no PEM certificate in it/],
      [['--cacert', 'bad.pem'], /--cacert: it holds a certificate that cannot be read/],
      [['--key', 'other.key'], /--key: the certificate that it belongs to is missing/],
      [['--cert', 'me.pem'], /--cert: there is no private key beside the certificate/],
      [['--cert', 'me.pem', '--key', 'no.pem'], /--key: there is no PEM private key in it/],
      [['--cert', 'me.pem', '--key', 'other.key'], /--key: the key does not belong to the certificate/],
      [['--cert', 'me.pem', '--key', 'locked.key'], /--key: the key is encrypted.*openssl pkey/],
    ];
    await expectRefused(wrong.map(([flags, says]) => [['fetch', ...flags, target.at('/')], says, { cwd }]));
    expect(target.calls).toHaveLength(0);
  });
});

describe('proxies', () => {
  test('-x: https goes through a tunnel, http as a whole URL, both with the credentials of the proxy alone', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const secure = await startTlsServer(identity, (request, response) => response.end(JSON.stringify(request.headers)));
    const plain = await startServer();
    const proxy = await startProxy({ wants: 'me:p%ss w' });
    const url = proxy.url.replace('//', '//me:p%25ss%20w@');
    const input = lines(secure.url, plain.at('/a'), plain.at('/b'));
    const run = await sluice([...once, '-c', '1', '-v', '--cacert', 'ca.pem', '-x', url], { cwd, input });
    expect(run.exitCode).toBe(0);
    expect(proxy.asked.map(({ line }) => line)).toEqual([
      `CONNECT localhost:${secure.port}`,
      `GET ${plain.url}/a`,
      `GET ${plain.url}/b`,
    ]);
    expect(proxy.asked.every(({ authorization }) => authorization !== undefined)).toBe(true);
    expect(proxy.asked.map(({ host }) => host)).toEqual([`localhost:${secure.port}`, plain.host, plain.host]);
    expect(run.row(0).body).not.toContain('proxy-authorization');
    for (const call of plain.calls) expect(call.headers).not.toHaveProperty('proxy-authorization');
    expect(run.stdout + run.stderr).not.toMatch(/p%ss|p%25ss/);
  });

  test('a proxy may speak TLS: --cacert is for it too, and one connection serves all http hosts', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const secure = await startTlsServer(identity);
    const [one, two] = [await startServer(), await startServer()];
    const proxy = await startProxy({ identity });
    const input = lines(secure.url, one.at('/a'), two.at('/b'), one.at('/c'));
    const through = ['-c', '1', '-x', proxy.url];
    const run = await sluice([...once, '--cacert', 'ca.pem', ...through], { cwd, input });
    expect(run.rows.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(proxy.asked).toHaveLength(4);
    expect(proxy.connections()).toBe(2);
    const strict = await sluice([...once, ...through, one.at('/')], { cwd });
    expect(strict.row(0).error).toMatchObject({ code: 'tls', phase: 'connect', retryable: false });
    expect(strict.row(0).error?.message).toMatch(/the proxy https:/);
  });

  test('the connection to a proxy is kept for the next http call, whatever its host', async () => {
    const [one, two] = [await startServer(), await startServer()];
    const proxy = await startProxy();
    const input = lines(one.at('/1'), two.at('/2'), one.at('/3'), two.at('/4'));
    expect((await sluice([...once, '-c', '1', '-x', proxy.url], { input })).exitCode).toBe(0);
    expect(proxy.asked).toHaveLength(4);
    expect(proxy.connections()).toBe(1);
  });

  test('each redirect goes the way of its own URL', async () => {
    const straight = await startServer({ '/end': reply(200, 'arrived') });
    const proxied = await startServer({ '/': redirect(straight.at('/end').replace('127.0.0.1', 'localhost')) });
    const proxy = await startProxy();
    const run = await sluice([...once, '-x', proxy.url, '--noproxy', 'localhost', proxied.at('/')]);
    expect(run.row(0)).toMatchObject({ ok: true, body: 'arrived', redirects: 1 });
    expect(proxy.asked.map(({ line }) => line)).toEqual([`GET ${proxied.url}/`]);
  });

  test.each([
    ['http_proxy names one', {}, 1],
    ['no_proxy calls some hosts straight', { no_proxy: '10.0.0.0/8,127.0.0.0/8' }, 0],
  ])('the environment counts: %s', async (_claim, others, asked) => {
    const server = await startServer();
    const proxy = await startProxy();
    const run = await sluice([...once, server.at('/')], { env: { http_proxy: proxy.url, ...others } });
    expect(run.exitCode).toBe(0);
    expect(proxy.asked).toHaveLength(asked);
  });

  test('an empty -x is no proxy', async () => {
    const server = await startServer();
    const run = await sluice([...once, '-x', '', server.at('/')], { env: { http_proxy: 'http://127.0.0.1:9' } });
    expect(run.exitCode).toBe(0);
  });

  test('what goes wrong at the proxy names it, without its password', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const secure = await startTlsServer(identity);
    const plain = await startServer();
    const picky = await startProxy({ wants: 'me:right' });
    const lost = await startProxy({ status: () => 502 });
    const dead = await startRawServer((socket) => void socket.end());
    const cases: [proxy: string, target: string, expected: object, says: RegExp][] = [
      [
        picky.url.replace('//', '//me:wrong@'),
        secure.url,
        { code: 'connect', phase: 'connect', retryable: false },
        /proxy http:\/\/127.*407.*does not take these credentials/,
      ],
      [picky.url, secure.url, { code: 'connect', retryable: false }, /proxy http:\/\/127.*407.*USER:PASSWORD/],
      [picky.url.replace('//', '//me:wrong@'), plain.at('/'), { code: 'http', retryable: false }, /407.*proxy/],
      [
        lost.url,
        secure.url,
        { code: 'connect', retryable: true },
        /proxy http:\/\/127.*did not connect to localhost:\d+.*502/,
      ],
      [
        'http://127.0.0.1:9',
        secure.url,
        { code: 'connect', retryable: true },
        /refused.*the proxy http:\/\/127\.0\.0\.1:9/,
      ],
      [
        'http://127.0.0.1:9',
        plain.at('/'),
        { code: 'connect', retryable: true },
        /refused.*the proxy http:\/\/127\.0\.0\.1:9/,
      ],
      ['http://nope.invalid:1', plain.at('/'), { code: 'dns' }, /the proxy http:\/\/nope\.invalid:1/],
      [dead.url, secure.url, { code: 'connect', retryable: true }, /the proxy http:\/\/127/],
    ];
    for (const [proxy, target, expected, says] of cases) {
      const run = await sluice([...once, '--cacert', 'ca.pem', '-x', proxy, target], { cwd });
      expect(run.row(0).error, `${proxy} ${target}`).toMatchObject(expected);
      expect(run.row(0).error?.message).toMatch(says);
      expect(run.stdout).not.toContain('wrong');
    }
  });

  test('a proxy that never answers ends with the connect timeout', async () => {
    const { url } = await startRawServer(() => {});
    const run = await sluice([...once, '--connect-timeout', '200ms', '-x', url, 'https://localhost/']);
    expect(run.row(0).error).toMatchObject({ code: 'timeout', phase: 'connect' });
    expect(run.row(0).error?.message).toMatch(/proxy/);
  });

  test('a proxy that cannot be used is wrong usage', async () => {
    const url = 'http://127.0.0.1:9/';
    const given = (...args: string[]) => ['fetch', ...args, url];
    const env = { ALL_PROXY: 'socks5h://u:secret@127.0.0.1:1080' };
    const said = await expectRefused([
      [given('-x', 'socks5://127.0.0.1:1080'), /--proxy: only http and https proxies can be used, not socks5/],
      [given('-x', 'http://'), /--proxy: expected a proxy such as/],
      [given('-x', url, '--unix-socket', '/x'), /--unix-socket: it cannot be reached through a --proxy/],
      [given('-x', url, '--block-private'), /--block-private: a proxy connects where it likes/],
      [given(), /ALL_PROXY: only http and https/, { env }],
    ]);
    expect(said.join('')).not.toContain('secret');
  });
});

test('--unix-socket reaches a server that has no port, whatever the host is called', async () => {
  const cwd = temporaryFolder();
  const server = createServer((request, response) => response.end(`${request.headers.host}${request.url}`));
  await new Promise<void>((resolve) => server.listen(join(cwd, 'api.sock'), resolve));
  onTestFinished(() => void server.close());
  const run = await sluice([...once, '--unix-socket', 'api.sock', 'http://docker/info', 'http://nope.invalid/x'], {
    cwd,
    env: { http_proxy: 'http://127.0.0.1:9' },
  });
  expect([run.row(0).body, run.row(1).body]).toEqual(['docker/info', 'nope.invalid/x']);
  const gone = await sluice([...once, '--unix-socket', 'gone.sock', 'http://docker/'], { cwd });
  expect(gone.row(0).error).toMatchObject({ code: 'connect', cause: { code: 'ENOENT' } });
});

test('--resolve gives a host its address; TLS still asks for the host', async () => {
  const { authority } = await issueServer();
  const identity = await issue('api.example', { by: authority });
  const cwd = temporaryFolder({ 'ca.pem': authority.cert });
  const secure = await startTlsServer(identity);
  const plain = await startServer();
  const args = [...once, '--cacert', 'ca.pem', '--resolve', `API.example:${secure.port}:127.0.0.1`];
  const { port } = new URL(plain.url);
  const run = await sluice(
    [
      ...args,
      '--resolve',
      `*:${port}:[::1],127.0.0.1`,
      `https://api.example:${secure.port}/`,
      `http://any.invalid:${port}/`,
    ],
    { cwd },
  );
  expect(run.exitCode).toBe(0);
  expect(plain.calls[0]?.headers.host).toBe(`any.invalid:${port}`);
});

test('--resolve with anything else is wrong usage', async () => {
  const wrong = ['api.example:443', 'api.example:0:127.0.0.1', 'a:443:nope', '127.0.0.1:80:127.0.0.2'];
  await expectRefused(
    wrong.map((value) => [
      ['fetch', '--resolve', value, 'http://127.0.0.1:9/'],
      /--resolve: expected HOST:PORT:ADDRESS/,
    ]),
  );
});

describe('--block-private', () => {
  test('no address of this machine or of a private network is connected to, whatever it is called', async () => {
    const server = await startServer();
    const { port } = new URL(server.url);
    const hosts = [
      '127.0.0.1',
      'localhost',
      '0x7f.1',
      '2130706433',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::]',
      '0.0.0.0',
      'rebound.example',
    ];
    const others = [
      '10.1.2.3',
      '192.168.0.1',
      '172.31.255.255',
      '169.254.169.254',
      '100.64.0.1',
      '[fe80::1]',
      '[fd00::1]',
      '[64:ff9b::a9fe:a9fe]',
      '224.0.0.1',
    ];
    const input = lines(...[...hosts, ...others].map((host) => `http://${host}:${port}/`));
    const args = ['--block-private', '--resolve', `rebound.example:${port}:127.0.0.1`, '--retry-delay', '1ms'];
    const run = await sluice(['fetch', ...args], { input });
    for (const row of run.rows) {
      expect(row, row.url ?? '').toMatchObject({
        attempts: 1,
        status: null,
        error: { code: 'blocked', phase: 'connect', retryable: false },
      });
    }
    expect(run.rows).toHaveLength(hosts.length + others.length);
    expect(server.calls).toHaveLength(0);
  });

  test('https is no way around it', async () => {
    const server = await startRawServer(() => {});
    const run = await sluice(['fetch', '-k', '--block-private', `https://localhost:${server.port}/`]);
    expect(run.row(0).error).toMatchObject({ code: 'blocked' });
    expect(server.connections()).toBe(0);
  });
});

describe('--http2', () => {
  test('is spoken with servers that can, and many calls share one connection', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const server = await startHttp2Server(identity, (http2) => {
      // Late enough for calls to meet on the connection.
      http2.on('request', (request, response) => setTimeout(() => response.end(request.httpVersion), 20));
    });
    const input = lines(...Array.from({ length: 20 }, (_, at) => `${server.url}/${at}`));
    const run = await sluice([...once, '--http2', '--cacert', 'ca.pem'], { cwd, input });
    expect(run.rows.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, () => '2.0'));
    expect(server.connections()).toBe(1);
    const without = await sluice([...once, '--cacert', 'ca.pem', `${server.url}/`], { cwd });
    expect(without.row(0).body).toBe('1.1');
  });

  test('GOAWAY loses nothing: what the server has not taken goes to the next connection, a POST too', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    let sessions = 0;
    const answered: string[] = [];
    const server = await startHttp2Server(identity, (http2) => {
      http2.on('session', (session) => {
        sessions += 1;
        const isLeaving = sessions <= 2;
        const streams: number[] = [];
        session.on('stream', (stream, headers) => {
          streams.push(stream.id ?? 0);
          stream.on('error', () => {});
          // The first two are taken, whatever comes later is not.
          if (isLeaving && streams.length === 4) session.goaway(0, streams[1]);
          if (isLeaving && streams.length > 2) return;
          // After the GOAWAY.
          setTimeout(() => {
            answered.push(String(headers[':path']));
            stream.respond({ ':status': 200 });
            stream.end('ok');
          }, 30);
        });
      });
    });
    const input = lines(...Array.from({ length: 12 }, (_, at) => `${server.url}/${at}`));
    const args = [
      'fetch',
      '--http2',
      '--cacert',
      'ca.pem',
      '-c',
      '12',
      '-X',
      'POST',
      '-d',
      'x',
      '--retry-delay',
      '1ms',
    ];
    const run = await sluice(args, { cwd, input });
    expect(run.rows.filter(({ ok }) => !ok)).toEqual([]);
    expect(answered.sort()).toEqual([...new Set(answered)]);
    expect(answered).toHaveLength(12);
    expect(sessions).toBeGreaterThan(1);
  });

  test('GOAWAY costs no retry, however often a server leaves', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const answered: string[] = [];
    let sessions = 0;
    const server = await startHttp2Server(identity, (http2) => {
      http2.on('session', (session) => {
        sessions += 1;
        let taken = 0;
        session.on('stream', (stream, headers) => {
          stream.on('error', () => {});
          taken += 1;
          // Two on each connection, as with `keepalive_requests 2` of nginx.
          if (taken > 2) return;
          if (taken === 2) session.goaway(0, stream.id);
          answered.push(String(headers[':path']));
          stream.respond({ ':status': 200 });
          stream.end('ok');
          if (taken === 2) session.close();
        });
      });
    });
    const input = lines(...Array.from({ length: 30 }, (_, at) => `${server.url}/${at}`));
    const args = ['--http2', '--cacert', 'ca.pem', '-c', '15', '-d', 'x', '--include', 'attempts'];
    const run = await sluice([...once, ...args], { cwd, input });
    expect(run.rows.filter(({ ok, attempts }) => !ok || attempts !== 1)).toEqual([]);
    expect(new Set(answered).size).toBe(30);
    expect(answered).toHaveLength(30);
    expect(sessions).toBeGreaterThanOrEqual(15);
  });

  test('a server that takes nothing, ever, fails the row', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const server = await startHttp2Server(identity, (http2) => {
      http2.on('session', (session) => session.goaway(0, 0));
      http2.on('stream', (stream) => stream.on('error', () => {}));
    });
    const run = await sluice([...once, '--http2', '--cacert', 'ca.pem', server.url], { cwd });
    expect(run.row(0)).toMatchObject({ ok: false, attempts: 1, error: { code: 'connect', phase: 'connect' } });
    expect(run.row(0).error?.message).toMatch(/took no more requests/);
  });

  test('an answer is whole though the connection ends with its last byte', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const server = await startFrameServer(identity, (_nth, stream) => ({
      bytes: [head(stream), data(stream, 'last words', { isLast: true }), goaway(stream)],
      closes: true,
    }));
    const input = lines(...Array.from({ length: 20 }, (_, at) => `${server.url}/${at}`));
    const run = await sluice([...once, '--http2', '--cacert', 'ca.pem', '-d', 'x'], { cwd, input });
    expect(run.rows.map(({ ok, body }) => [ok, body])).toEqual(Array.from({ length: 20 }, () => [true, 'last words']));
  });

  test('half an answer is never taken for a whole one, however politely it is broken off', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const [noError, cancel] = [0, 8];
    const half = (stream: number) => [head(stream), data(stream, 'half', { isLast: false })];
    const whole = (stream: number) => [head(stream), data(stream, 'whole', { isLast: true })];
    const cases: ((stream: number) => Piece)[] = [
      (stream) => ({ bytes: [...half(stream), reset(stream, noError)] }),
      (stream) => ({ bytes: [...half(stream), reset(stream, cancel)] }),
      (stream) => ({ bytes: [head(stream), reset(stream, noError)] }),
      (stream) => ({ bytes: [head(stream), reset(stream, cancel)] }),
      (stream) => ({ bytes: [...half(stream), goaway(stream)], closes: true }),
      // A server may be done with the request before it has read all of it.
      (stream) => ({ bytes: [...whole(stream), reset(stream, noError)] }),
      (stream) => ({ bytes: whole(stream) }),
    ];
    const server = await startFrameServer(
      identity,
      (nth, stream) => cases[nth % cases.length]?.(stream) ?? { bytes: [] },
    );
    const input = lines(...cases.map((_, at) => `${server.url}/${at}`));
    const args = [...once, '--http2', '--cacert', 'ca.pem', '--timeout', '5s', '-c', '1'];
    for (const more of [[], ['-d', 'x'], ['--output-dir', 'saved']]) {
      const run = await sluice([...args, ...more], { cwd, input });
      const cut = run.rows.slice(0, 5).map(({ ok, status, error }) => [ok, status, error?.code, error?.phase]);
      expect(cut).toEqual(cut.map(() => [false, 200, 'truncated', 'body']));
      expect(run.rows.slice(5).map(({ ok }) => ok)).toEqual([true, true]);
    }
  });

  test('what breaks off is told and tried again as in HTTP/1.1', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const server = await startHttp2Server(identity, (http2) => {
      http2.on('sessionError', () => {});
      http2.on('stream', (stream, headers) => {
        stream.on('error', () => {});
        const path = String(headers[':path']);
        if (path === '/cut') stream.session?.destroy();
        else if (path === '/socket') stream.session?.socket.destroy();
        else if (path === '/reset') stream.close(2);
        else if (path === '/refused') stream.close(7);
        else if (path === '/enhance') stream.close(11);
        else {
          stream.respond({
            ':status': 200,
            'content-type': 'text/plain',
            ...(path === '/short' ? { 'content-length': '9' } : {}),
          });
          stream.write('half');
          // Later, so that the piece arrives: a reset takes along what is on its way.
          if (path === '/body-cut') setTimeout(() => stream.session?.destroy(), 30);
          else if (path === '/body-reset') setTimeout(() => stream.destroy(new Error('broken')), 30);
          else stream.end();
        }
      });
    });
    const cases: [path: string, code: string, phase: string][] = [
      ['/cut', 'reset', 'headers'],
      ['/socket', 'reset', 'headers'],
      ['/reset', 'reset', 'headers'],
      ['/refused', 'connect', 'connect'],
      ['/enhance', 'reset', 'headers'],
      ['/body-cut', 'truncated', 'body'],
      ['/body-reset', 'truncated', 'body'],
      ['/short', 'truncated', 'body'],
    ];
    // One after the other: what ends a connection ends all that is on it.
    const args = [...once, '--http2', '--cacert', 'ca.pem', '--timeout', '3s', '-c', '1'];
    const run = await sluice(args, { cwd, input: lines(...cases.map(([path]) => server.url + path)) });
    for (const [at, [path, code, phase]] of cases.entries()) {
      expect(run.row(at).error, path).toMatchObject({ code, phase, retryable: true });
    }
  });

  test('a server that knows only HTTP/1.1 is spoken to in it', async () => {
    const { authority, server: identity } = await issueServer();
    const cwd = temporaryFolder({ 'ca.pem': authority.cert });
    const server = await startTlsServer(identity);
    const run = await sluice([...once, '--http2', '--cacert', 'ca.pem', server.url], { cwd });
    expect(run.row(0)).toMatchObject({ ok: true, body: 'ok' });
  });
});

test('a connection that is still being made does not outlive the run', async () => {
  const server = await startRawServer(() => {});
  const running = start(['fetch', '--deadline', '200ms', `https://127.0.0.1:${server.port}/`], { hangsAfterMs: 5000 });
  running.stdin.end();
  expect((await running.ended).exitCode).toBe(124);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';
import { says, serve } from './servers.ts';

/** fast-check prints the seed and the smallest example of a failure; each run of the program takes a batch of them. */
const runs = { numRuns: 4 };

/** A line of anything but a line end, or of what looks like a record. */
const anyLine = (url: string) =>
  fc.oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 60 })
      .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)))),
    fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text.replaceAll('\n', ' '))),
    fc.json({ depthSize: 'small' }).map((text) => Buffer.from(text)),
    fc
      .record({
        url: fc.oneof(
          fc.constant(url),
          fc.webUrl({ validSchemes: ['ftp', 'file', 'ws'] }),
          fc.string(),
          fc.constant(null),
        ),
        method: fc.option(fc.oneof(fc.constant('GET'), fc.string({ maxLength: 8 })), { nil: undefined }),
        headers: fc.option(fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 2 }), {
          nil: undefined,
        }),
        body: fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }),
        id: fc.option(fc.oneof(fc.string({ maxLength: 8 }), fc.integer()), { nil: undefined }),
      })
      .map((record) => Buffer.from(JSON.stringify(record))),
  );

/** What counts as a line: blank ones do not, nor do comments among URLs. */
const isLine = (line: Buffer) => {
  const text = line
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trim();
  return text !== '' && !text.startsWith('#');
};

test('any bytes as lines: each line is one row, and the exit code counts them', { timeout: 60_000 }, async () => {
  const server = await startServer();
  await fc.assert(
    fc.asyncProperty(fc.array(anyLine(server.at('/')), { minLength: 50, maxLength: 200 }), async (lines) => {
      // The first line says what kind of input it is.
      const input = Buffer.concat(
        [server.at('/first'), ...lines].flatMap((line) => [Buffer.from(line), Buffer.from('\n')]),
      );
      const run = await sluice(['fetch', '--retries', '0', '--timeout', '2s', '-c', '50'], {
        input,
        env: { http_proxy: '' },
      });
      expect(run.rows.length).toBeLessThanOrEqual(lines.length + 1);
      expect(run.rows.length).toBeGreaterThanOrEqual(lines.filter(isLine).length + 1);
      expect(run.exitCode).toBe(run.rows.every(({ ok }) => ok) ? 0 : 1);
    }),
    runs,
  );
});

const token = fc.constantFrom(
  'HTTP/1.1 200 OK',
  'HTTP/1.0 200',
  'HTTP/1.1 ',
  '100 Continue',
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  'content-length: ',
  'transfer-encoding: ',
  'chunked',
  'content-encoding: gzip\r\n',
  'location: /',
  ': ',
  '5',
  '0',
  '-1',
  'ffffffff',
  ';a=b',
  'connection: close',
  'hello',
  '\0',
  ' ',
  '\t',
);
/** Anything, or pieces of answers in any order, most of them behind a good beginning. */
const anyReply = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(
      fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'),
      fc.array(token, { maxLength: 20 }),
    )
    .map(([start, tokens]) => Buffer.from(start + tokens.join(''), 'latin1')),
);

test('any bytes as answers: each call is one row, in time, and the next call is not harmed', {
  timeout: 60_000,
}, async () => {
  const good = await startServer();
  await fc.assert(
    fc.asyncProperty(fc.array(anyReply, { minLength: 60, maxLength: 60 }), async (replies) => {
      let next = 0;
      const host = await serve((socket) => says(replies[next++] ?? '', next % 3 === 0 ? 'reset' : 'end')(socket));
      const input = replies.map((_reply, at) => `http://${host}/${at}\n${good.at(`/${at}`)}\n`).join('');
      const run = await sluice(['fetch', '--retries', '0', '--timeout', '2s', '-c', '20'], { input });
      expect(run.rows).toHaveLength(replies.length * 2);
      for (const [at] of replies.entries()) expect(run.row(at * 2 + 1).ok).toBe(true);
      expect(run.exitCode).toBe(run.rows.every(({ ok }) => ok) ? 0 : 1);
    }),
    runs,
  );
});

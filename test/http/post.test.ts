import { createGzip, constants as zlib } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Scope } from '../../src/flow/signals.ts';
import { type BodyReader, createPost, type PostOptions } from '../../src/http/post.ts';
import { Failure } from '../../src/record/failure.ts';
import { hangUp, reply } from '../support/answers.ts';
import { type Handler, startServer } from '../support/server.ts';
import { requestTo, startAgent } from './calling.ts';

type Options = Partial<PostOptions<string, string>> & { scope?: Scope };

/** A reader that takes the body for text. */
function textReader(push: (text: string) => void | Promise<void> = () => {}): BodyReader<string> {
  let text = '';
  return {
    push(bytes) {
      const piece = Buffer.from(bytes).toString();
      text += piece;
      return push(piece);
    },
    end: (cut) => ({ content: text, failure: cut }),
  };
}

async function post(handler: Handler, { scope = new Scope(), ...options }: Options = {}) {
  const server = await startServer({ '/': handler });
  const call = createPost<string, string>({
    agent: startAgent(),
    idleTimeoutMs: 0,
    maxBodyBytes: 1e6,
    requestOf: () => requestTo(server.at('/'), { method: 'POST', body: 'x' }),
    open: () => textReader(),
    retryOn: null,
    ...options,
  });
  const outcome = await call({ index: 0, id: null, payload: 'x' }, { attempt: 3, state: null, scope });
  if (outcome.kind === 'next') throw new Error('a post goes nowhere else');
  return outcome;
}

describe('a post', () => {
  test('hands the body on as it comes, its encoding undone', async () => {
    const pieces: string[] = [];
    let next = () => {};
    const outcome = await post(
      (_call, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        const gzip = createGzip({ flush: zlib.Z_SYNC_FLUSH });
        gzip.pipe(response);
        gzip.write('one ');
        next = () => {
          next = () => {};
          gzip.end('two');
        };
      },
      {
        open: () =>
          textReader((piece) => {
            pieces.push(piece);
            next();
          }),
      },
    );
    expect(pieces).toEqual(['one ', 'two']);
    expect(outcome).toMatchObject({
      kind: 'done',
      failure: null,
      value: { status: 200, content: 'one two', bytes: 7 },
    });
  });

  test('tells its reader which job and attempt it is, and when that began', async () => {
    const before = performance.now();
    const seen: Parameters<PostOptions<string, string>['open']>[] = [];
    await post(reply(201, '', { 'x-a': '1' }), {
      open: (...told) => {
        seen.push(told);
        return textReader();
      },
    });
    const [[head, call] = []] = seen;
    expect(head).toMatchObject({ status: 201, headers: { 'x-a': '1' } });
    expect(call).toMatchObject({ job: { index: 0 }, attempt: 3 });
    expect(call?.sinceMs).toBeGreaterThanOrEqual(before);
  });

  test('has no reader where no answer came', async () => {
    const outcome = await post(hangUp);
    expect(outcome).toMatchObject({
      kind: 'retry',
      failure: { code: 'reset' },
      value: { status: null, content: null, headers: null, bytes: null },
    });
  });

  test('that is cancelled ends at once, also where nobody takes what came', async () => {
    const scope = new Scope();
    const stop = new Failure('cancelled', 'stopped');
    const never = new Promise<void>(() => {});
    const outcome = await post(reply(200, 'so far'), {
      scope,
      open: () =>
        textReader(() => {
          setImmediate(() => scope.cancel(stop));
          return never;
        }),
    });
    expect(outcome).toMatchObject({ kind: 'done', failure: stop, value: { content: 'so far' } });
  });

  test('waits for who takes the bytes, however silent the server is meanwhile', async () => {
    const outcome = await post(
      (_call, response) => {
        response.write('one ');
        setTimeout(() => response.end('two'), 20);
      },
      { idleTimeoutMs: 50, open: () => textReader(() => new Promise((resolve) => setTimeout(resolve, 150))) },
    );
    expect(outcome).toMatchObject({ kind: 'done', failure: null, value: { content: 'one two' } });
  });

  test.each([
    ['that ends too early', 'gzip', Buffer.from('H4sIAAAAAAAAA8tIzcnJBwA=', 'base64'), 'truncated'],
    ['that is none', 'gzip', Buffer.from('hello'), 'decode'],
    ['that nobody knows', 'compress', Buffer.from('hello'), 'decode'],
  ])('with an encoding %s fails with its code', async (_name, encoding, body, code) => {
    const outcome = await post(reply(200, body, { 'content-encoding': encoding }));
    expect(outcome.failure).toMatchObject({ code });
  });

  test('never repeats what its reader calls final', async () => {
    const failure = new Failure('http', 'no', { retryable: true });
    const reader = { push: () => {}, end: () => ({ content: null, failure, isFinal: true }) };
    expect(await post(reply(500), { open: () => reader })).toMatchObject({ kind: 'done', failure });
    const other = { ...reader, end: () => ({ content: null, failure }) };
    expect(await post(reply(500), { open: () => other })).toMatchObject({ kind: 'retry', failure });
  });

  test('tells what it cost', async () => {
    const cost = { tokens: 7, budgets: [] };
    expect(await post(reply(200), { costOf: () => cost })).toMatchObject({ cost });
  });
});

import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { describe, expect, test } from 'vitest';
import { BodyIntake, type IntakeOptions } from '../../src/http/intake.ts';
import { Failure } from '../../src/record/failure.ts';

/** undici's controller, played: it says what was asked of it. */
function playedController(): { controller: Dispatcher.DispatchController; asked: string[] } {
  const asked: string[] = [];
  const controller = {
    pause: () => asked.push('pause'),
    resume: () => asked.push('resume'),
    abort: (error: Error) => asked.push(`abort: ${error.message}`),
  };
  return { controller: controller as unknown as Dispatcher.DispatchController, asked };
}

/** Takes all chunks, once it may begin. */
function saver(begins: Promise<void> = Promise.resolve()): { save: IntakeOptions['save']; taken: () => string } {
  const chunks: Uint8Array[] = [];
  return {
    async save(source) {
      await begins;
      for await (const chunk of source) chunks.push(chunk);
      return { path: 'file', bytes: Buffer.concat(chunks).length };
    },
    taken: () => Buffer.concat(chunks).toString(),
  };
}

function intakeFor(options: Partial<IntakeOptions> = {}) {
  const { controller, asked } = playedController();
  const { save, taken } = saver();
  const whole = { contentEncoding: undefined, maxBytes: Number.POSITIVE_INFINITY, save, controller, ...options };
  return { intake: new BodyIntake(whole), asked, taken };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what comes is saved, and nothing is asked of the connection', async () => {
  const { intake, asked, taken } = intakeFor();
  for (const text of ['one', '', 'two']) intake.write(Buffer.from(text));
  intake.end();
  expect(await intake.done).toEqual({ path: 'file', bytes: 6 });
  expect(taken()).toBe('onetwo');
  expect(asked).toEqual([]);
});

test('a body without a byte is saved too, whatever its encoding', async () => {
  const { intake } = intakeFor({ contentEncoding: 'gzip' });
  intake.end();
  expect(await intake.done).toEqual({ path: 'file', bytes: 0 });
});

test.each([
  ['deflate', deflateSync('hello')],
  ['br', brotliCompressSync('hello')],
  ['zstd', zstdCompressSync('hello')],
  ['gzip', gzipSync('hello')],
])('a body with bytes behind the end of its %s is `decode`', async (contentEncoding, bytes) => {
  const { intake } = intakeFor({ contentEncoding });
  intake.write(Buffer.concat([bytes, Buffer.from('junk')]));
  intake.end();
  await expect(intake.done).rejects.toMatchObject({ code: 'decode' });
});

test('the connection waits while the disk is behind, and goes on after', async () => {
  let begin = () => {};
  const { save, taken } = saver(
    new Promise((resolve) => {
      begin = resolve;
    }),
  );
  const { intake, asked } = intakeFor({ save });
  for (let nth = 0; nth < 15; nth += 1) intake.write(Buffer.from('x'));
  expect(asked).toEqual([]);
  intake.write(Buffer.from('x'));
  expect(asked).toEqual(['pause']);
  expect(intake.isWaitingForDisk).toBe(true);
  // undici gives an empty chunk after each pause: it must not count.
  intake.write(Buffer.alloc(0));
  begin();
  await turn();
  await turn();
  expect(asked).toEqual(['pause', 'resume']);
  expect(intake.isWaitingForDisk).toBe(false);
  intake.end();
  expect(await intake.done).toMatchObject({ bytes: 16 });
  expect(taken()).toBe('x'.repeat(16));
});

describe('the first failure counts', () => {
  const cut = new Failure('truncated', 'cut');

  test('of the body: before its first byte, before it is taken, and while it is', async () => {
    for (const chunks of [0, 1, 20]) {
      const { intake, asked } = intakeFor();
      for (let nth = 0; nth < chunks; nth += 1) intake.write(Buffer.from('x'));
      if (chunks === 20) await turn();
      intake.fail(cut);
      intake.fail(new Failure('cancelled', 'later'));
      intake.write(Buffer.from('too late'));
      intake.end();
      await expect(intake.done).rejects.toBe(cut);
      expect(asked.filter((one) => one.startsWith('abort'))).toEqual(['abort: cut']);
    }
  });

  test('of the disk, though the connection is broken off for it', async () => {
    const full = new Failure('output', 'the disk is full');
    const { intake, asked } = intakeFor({
      async save(chunks) {
        for await (const _chunk of chunks) throw full;
        throw full;
      },
    });
    const ended = expect(intake.done).rejects.toBe(full);
    intake.write(Buffer.from('x'));
    await turn();
    intake.fail(new Failure('reset', 'aborted'));
    await ended;
    expect(asked.some((one) => one.startsWith('abort'))).toBe(true);
  });

  test('of the encoding, and of the size', async () => {
    const broken = intakeFor({ contentEncoding: 'gzip' });
    broken.intake.write(Buffer.from('this is no gzip'));
    await expect(broken.intake.done).rejects.toMatchObject({ code: 'decode' });
    expect(broken.asked.some((one) => one.startsWith('abort'))).toBe(true);

    const bomb = intakeFor({ contentEncoding: 'gzip, gzip', maxBytes: 1000 });
    bomb.intake.write(gzipSync(gzipSync(Buffer.alloc(1_000_000))));
    bomb.intake.end();
    await expect(bomb.intake.done).rejects.toMatchObject({ code: 'too_large' });

    const unknown = intakeFor({ contentEncoding: 'x-own' });
    unknown.intake.write(Buffer.from('x'));
    await expect(unknown.intake.done).rejects.toMatchObject({ code: 'decode' });
    expect(unknown.asked).toHaveLength(1);
  });
});

test('a failure that comes when all is received changes nothing: the file is whole', async () => {
  const { intake } = intakeFor();
  intake.write(Buffer.from('all'));
  intake.end();
  await turn();
  intake.fail(new Failure('timeout', 'late'));
  expect(await intake.done).toMatchObject({ bytes: 3 });
});

import { describe, expect, test } from 'vitest';
import { exitOf, interruptNote, resumeHint, type SessionEnd } from '../../src/cli/ending.ts';
import type { RunEnd } from '../../src/flow/run-options.ts';
import { createTally } from '../../src/output/tally.ts';
import { Failure } from '../../src/record/failure.ts';

type Story = Partial<Omit<SessionEnd, 'end'>> & Partial<RunEnd>;

function exit({ kind = 'completed', read = 10, failed = 0, isAllRead = true, ...others }: Story) {
  const session = { signal: null, outputError: null, hasLostReaderFirst: false, ...others };
  return exitOf({ end: { kind, read, failed, isAllRead, reason: null }, ...session });
}

const broken = (code: string) => Object.assign(new Error(`write ${code}`), { code });
const [pipe, disk] = [broken('EPIPE'), broken('ENOSPC')];

describe('exitOf, the table of endings', () => {
  test.each<[string, Story, ReturnType<typeof exitOf>]>([
    ['all rows ok', {}, { code: 0 }],
    ['no rows at all', { read: 0 }, { code: 0 }],
    ['some rows failed', { failed: 1 }, { code: 1 }],
    ['own policy stopped it', { kind: 'failures', failed: 1 }, { code: 3 }],
    ['output cannot be written', { kind: 'aborted', outputError: disk, hasLostReaderFirst: true }, { code: 4 }],
    ['output cannot be closed', { failed: 1, outputError: new Failure('output', 'full') }, { code: 4 }],
    ['--deadline', { kind: 'deadline', failed: 3 }, { code: 124 }],
    ['Ctrl-C', { kind: 'drained', failed: 2, signal: 'SIGINT' }, { signal: 'SIGINT' }],
    ['SIGTERM', { kind: 'drained', signal: 'SIGTERM' }, { signal: 'SIGTERM' }],
    ['SIGHUP', { kind: 'drained', signal: 'SIGHUP' }, { signal: 'SIGHUP' }],
    ['second Ctrl-C', { kind: 'aborted', failed: 2, signal: 'SIGINT' }, { signal: 'SIGINT' }],
    ['the reader closes the pipe', { kind: 'aborted', outputError: pipe, hasLostReaderFirst: true }, { code: 0 }],
  ])('%s', (_what, story, expected) => {
    expect(exit(story)).toEqual(expected);
  });
});

describe('exitOf, where several things happened', () => {
  test.each<[string, Story]>([
    ['a policy', { kind: 'failures', failed: 1 }],
    ['the deadline', { kind: 'deadline' }],
    ['a signal', { kind: 'drained', signal: 'SIGINT' }],
    ['failed rows', { failed: 1 }],
  ])('rows that were lost beat %s', (_what, story) => {
    expect(exit({ ...story, outputError: disk })).toEqual({ code: 4 });
  });

  test('a policy that fired counts whatever else came', () => {
    expect(exit({ kind: 'failures', failed: 1, signal: 'SIGINT' })).toEqual({ code: 3 });
    expect(exit({ kind: 'failures', failed: 1, outputError: pipe, hasLostReaderFirst: true })).toEqual({ code: 3 });
  });

  test('the first cause counts: a reader that left before or after the signal', () => {
    const left = { kind: 'aborted', failed: 1, outputError: pipe, signal: 'SIGINT' } as const;
    expect(exit({ ...left, hasLostReaderFirst: true })).toEqual({ code: 0 });
    expect(exit({ ...left, hasLostReaderFirst: false })).toEqual({ signal: 'SIGINT' });
  });

  test('a deadline that came before the signal counts', () => {
    expect(exit({ kind: 'deadline', signal: 'SIGINT' })).toEqual({ code: 124 });
  });

  test('a reader that left forgives failed rows', () => {
    expect(exit({ kind: 'aborted', failed: 5, outputError: pipe, hasLostReaderFirst: true })).toEqual({ code: 0 });
  });
});

describe('interruptNote', () => {
  const tally = { ...createTally().snapshot(), done: 10, ok: 4, failed: 2, cancelled: 4 };
  const end: RunEnd = { kind: 'drained', read: 10, failed: 6, isAllRead: false, reason: null };

  test('tells nobody to go on where nothing is left', () => {
    const note = interruptNote({ ...end, isAllRead: true }, { ...tally, failed: 0, cancelled: 0 }, 'To resume: …');
    expect(note).toMatch(/all input was read, and nothing is left to do$/);
    expect(interruptNote({ ...end, isAllRead: true }, { ...tally, cancelled: 0 }, 'To resume: …')).toMatch(/To resume/);
  });

  test('counts done, failed and cancelled apart, and tells how to go on', () => {
    const note = interruptNote(end, tally, 'To resume: sluice again');
    expect(note).toContain('4 done, 2 failed, 4 cancelled (read, not finished); the rest of the input was not read');
    expect(note).toContain('To resume: sluice again');
    expect(note).not.toContain('\n');
  });

  test('says when all input was read', () => {
    expect(interruptNote({ ...end, isAllRead: true }, { ...tally, failed: 6, cancelled: 0 }, 'x')).toContain(
      '4 done, 6 failed, 0 cancelled (read, not finished); all input was read',
    );
  });
});

describe('resumeHint', () => {
  test('with a file of rows it is the command line again, with --resume', () => {
    const argv = ['-i', 'my list.txt', '-o', 'out.ndjson', '--overwrite', '-H', "x: it's", '-c', '20'];
    expect(resumeHint('fetch', { argv, hasFile: true, feedsBack: true, readsStdin: false, mask: null })).toBe(
      `To resume: sluice fetch -i 'my list.txt' -o out.ndjson -H 'x: it'\\''s' -c 20 --resume`,
    );
    expect(
      resumeHint('fetch', {
        argv: ['-o', 'a', '--resume'],
        hasFile: true,
        feedsBack: true,
        readsStdin: true,
        mask: null,
      }),
    ).toBe('To resume, with the same input on stdin: sluice fetch -o a --resume');
  });

  test('shows no credential, and says that it has to be put back', () => {
    const argv = ['-u', 'bob:hush', 'http://bob:hush@h/', '-o', 'a'];
    const mask = (text: string) => text.replaceAll('hush', '***');
    expect(resumeHint('fetch', { argv, hasFile: true, feedsBack: true, readsStdin: false, mask })).toBe(
      "To resume, with its credentials for ***: sluice fetch -u 'bob:***' 'http://***@h/' -o a --resume",
    );
  });

  test('without one the failed rows are fed back', () => {
    expect(resumeHint('fetch', { argv: [], hasFile: false, feedsBack: true, readsStdin: true, mask: null })).toMatch(
      /select\(\.ok == false\).*sluice fetch/,
    );
  });

  test('without one, where rows do not hold what they came from, nothing is told that would not work', () => {
    const hint = resumeHint('prompt', { argv: [], hasFile: false, feedsBack: false, readsStdin: true, mask: null });
    expect(hint).toMatch(/--resume/);
    expect(hint).not.toMatch(/jq/);
  });
});

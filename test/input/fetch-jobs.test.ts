import { describe, expect, test } from 'vitest';
import { type FetchJobsOptions, fetchJobs } from '../../src/input/fetch-jobs.ts';
import type { Source } from '../../src/input/source.ts';
import type { Job } from '../../src/record/job.ts';
import type { FetchTask } from '../../src/record/request.ts';
import { createMask } from '../../src/record/secrets.ts';
import { plainDefaults } from './support/plain-defaults.ts';

type LineFormat = 'auto' | 'lines' | 'ndjson';

function sourceOf(
  text: string,
  { name = 'stdin', format = 'auto' }: { name?: string; format?: LineFormat } = {},
): Source {
  async function* chunks() {
    yield Buffer.from(text);
  }
  return { name, format, chunks: chunks() };
}

const plain: FetchJobsOptions = {
  urls: [],
  sources: [],
  defaults: plainDefaults,
  maxLineBytes: 1000,
  keepsInput: false,
  keysJobs: false,
  labels: { id: null, lane: null },
  idempotency: null,
  findsTwins: false,
};

async function jobsOf(changes: Partial<FetchJobsOptions>): Promise<Job<FetchTask>[]> {
  const jobs: Job<FetchTask>[] = [];
  for await (const batch of fetchJobs({ ...plain, ...changes })) jobs.push(...batch);
  return jobs;
}

const fromText = (text: string, changes: Partial<FetchJobsOptions> & { format?: LineFormat } = {}) =>
  jobsOf({ sources: [sourceOf(text, changes)], ...changes });

/** The one job of a line. */
async function jobOf(text: string, changes: Parameters<typeof fromText>[1] = {}): Promise<Job<FetchTask>> {
  const [job, ...others] = await fromText(text, changes);
  if (!job || others.length > 0) throw new Error(`not one job: ${others.length}`);
  return job;
}

describe('fetchJobs', () => {
  test('arguments come first, then each source; indexes go on', async () => {
    const jobs = await jobsOf({
      urls: ['http://a/', 'http://b/'],
      sources: [sourceOf('http://c/\n'), sourceOf('{"url":"http://d/"}', { name: 'x.ndjson' })],
    });
    expect(jobs.map(({ index, payload }) => [index, payload.url])).toEqual([
      [0, 'http://a/'],
      [1, 'http://b/'],
      [2, 'http://c/'],
      [3, 'http://d/'],
    ]);
  });

  test('blank lines and comments take no index, in any format but where they are data', async () => {
    const jobs = await fromText('\n# no\nhttp://a/\n \t \r\n  # no\n{"url":"http://b/"}\n');
    expect(jobs.map(({ index, payload }) => [index, payload.url])).toEqual([
      [0, 'http://a/'],
      [1, 'http://b/'],
    ]);
    expect((await fromText('# x\n\n', { format: 'ndjson' })).map((job) => job.failure?.code)).toEqual(['input']);
  });

  test('the format says what a line is', async () => {
    expect((await jobOf('{"url":"http://a/"}', { format: 'lines' })).failure?.message).toMatch(/not a URL/);
    expect((await jobOf('http://a/', { format: 'ndjson' })).failure?.message).toMatch(/not valid JSON/);
    expect((await jobOf(' {"url":"http://a/"}')).failure).toBeUndefined();
  });

  test('a bad line is a job that names its place and has failed', async () => {
    const [, job] = await fromText('http://a/\nnonsense here\n');
    expect(job).toMatchObject({ index: 1, id: null, payload: { url: 'nonsense here', method: 'GET', request: null } });
    expect(job?.failure).toMatchObject({ code: 'input', message: expect.stringMatching(/^stdin:2: not a URL/) });
    const [argument] = await jobsOf({ urls: ['nonsense'] });
    expect(argument?.failure?.message).toMatch(/^argument: /);
  });

  test('a bad record keeps what is known of it', async () => {
    expect(await jobOf('{"id":"x","url":"http://a/","method":"PUT","headers":{"host":"b"}}')).toMatchObject({
      id: 'x',
      payload: { url: 'http://a/', method: 'PUT', request: null },
      failure: { code: 'input' },
    });
    expect(await jobOf('{"id":7,"url":9}')).toMatchObject({ id: '7', payload: { url: null } });
    expect(await jobOf('{broken')).toMatchObject({ id: null, payload: { url: null, method: 'GET' } });
  });

  test('a line that is not UTF-8 or too long is one bad job each', async () => {
    async function* chunks() {
      yield Buffer.from(`http://a/\xff\n${'x'.repeat(2000)}\nhttp://b/\n`, 'latin1');
    }
    const jobs = await jobsOf({ sources: [{ name: 'list', format: 'auto', chunks: chunks() }] });
    expect(jobs.map((job) => job.failure?.message ?? 'ok')).toEqual([
      'list:1: the line is not UTF-8',
      'list:2: the line is longer than 1000 bytes (--max-line)',
      'ok',
    ]);
  });

  test('a result row is done again', async () => {
    const row = { index: 9, id: 'a', ok: false, url: 'http://a/', method: 'GET', attempts: 3, body: { x: 1 } };
    expect(await jobOf(JSON.stringify(row))).toMatchObject({
      index: 0,
      id: 'a',
      payload: { request: { method: 'GET', body: null, headers: [] } },
    });
  });

  test('a record nested beyond all reason is one bad job', async () => {
    const deep = `{"url":"http://a/","body":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(await jobOf(deep, { maxLineBytes: 1e6 })).toMatchObject({ failure: { code: 'input' } });
  });

  test('a path that makes no URL with --base-url is one bad job', async () => {
    const withBase = { ...plainDefaults, baseUrl: new URL('http://h') };
    expect(await jobOf('//', { defaults: withBase })).toMatchObject({ failure: { code: 'input' } });
  });

  test('makes jobs only as they are asked for', async () => {
    let read = 0;
    async function* chunks() {
      for (;;) {
        read += 1;
        yield Buffer.from('http://a/\n');
      }
    }
    const batches = fetchJobs({ ...plain, sources: [{ name: 'endless', format: 'auto', chunks: chunks() }] });
    await batches.next();
    await batches.next();
    await batches.next();
    expect(read).toBe(2);
    await batches.return(undefined);
  });
});

describe('the key of a job', () => {
  const keyOf = async (text: string) => (await jobOf(text, { keysJobs: true })).key;

  test('is there only without an id, and only where it is asked for', async () => {
    expect((await jobOf('http://a/')).key).toBeUndefined();
    expect(await keyOf('{"id":"x","url":"http://a/"}')).toBeUndefined();
    expect(await keyOf('http://a/')).toMatch(/^[\w-]{22}$/);
  });

  test('is the same for the same call, wherever it stands', async () => {
    const keys = (await fromText('http://a/\nhttp://b/\nhttp://a/', { keysJobs: true })).map((job) => job.key);
    expect(keys[0]).toBe(keys[2]);
    expect(keys[0]).not.toBe(keys[1]);
  });

  test.each([
    ['method', '{"url":"http://a/","method":"PUT"}'],
    ['body', '{"url":"http://a/","method":"GET","body":"b"}'],
    ['headers', '{"url":"http://a/","headers":{"x-page":"2"}}'],
  ])('tells calls apart by their %s', async (_what, text) => {
    expect(await keyOf(text)).not.toBe(await keyOf('{"url":"http://a/"}'));
  });

  test('tells calls apart by what -G adds to their URL', async () => {
    const query = ({ record }: { record: unknown }) => `q=${(record as { q: string }).q}`;
    const defaults = { ...plainDefaults, query };
    const text = ['1', '2', '1'].map((q) => JSON.stringify({ url: 'http://a/', q })).join('\n');
    const [one, two, again] = (await fromText(text, { keysJobs: true, defaults })).map(({ key }) => key);
    expect(one).not.toBe(two);
    expect(one).toBe(again);
  });

  test('does not depend on credentials', async () => {
    const withToken = (token: string) => `{"url":"http://a/","headers":{"authorization":"Bearer ${token}"}}`;
    expect(await keyOf(withToken('old'))).toBe(await keyOf(withToken('new')));
    expect(await keyOf('http://u:old@a/')).toBe(await keyOf('http://u:new@a/'));
  });
});

describe('--include input', () => {
  const inputOf = async (text: string, changes: Parameters<typeof fromText>[1] = {}) =>
    (await jobOf(text, { keepsInput: true, ...changes })).payload.input;

  test('keeps a record as it is written, anything else as a string', async () => {
    expect(await inputOf('{"url":"http://a/", "n":1.0}')).toBe('{"url":"http://a/","n":1.0}');
    expect(await inputOf('http://a/"x"')).toBe('"http://a/\\"x\\""');
    expect(await inputOf('{broken')).toBe('"{broken"');
    expect((await jobOf('http://a/')).payload.input).toBeNull();
  });

  test('masks the credentials of URLs', async () => {
    expect(await inputOf('http://u:s3cret@a/')).toBe('"http://***@a/"');
    expect(await inputOf('{"url":"http://u:s3cret@a/"}')).toBe('{"url":"http://***@a/"}');
  });

  test('masks them in a URL without its scheme too', async () => {
    const withProto = { ...plainDefaults, protoDefault: 'https' as const };
    const { payload } = await jobOf('u:s3cret@a/x', { keepsInput: true, defaults: withProto });
    const shown = createMask(payload.secrets)?.(payload.input ?? '') ?? payload.input;
    expect(shown).not.toContain('s3cret');
  });
});

describe('credentials of a bad line', () => {
  test.each([
    ['of another scheme', 'ftp://u:s3cret@h/'],
    ['with a bad port', 'http://u:s3cret@h:99999/'],
    ['with a password longer than what a row shows', `http://u:${'s3cret'.repeat(1000)}@h:99999/`],
    ['with a quote in it', 'http://u:s3cret"s3cret@h:99999/'],
    ['with a space in it', 'http://u:s3cret s3cret@h:99999/'],
    ['with a tab in it', 'http://u:s3cret\ts3cret@h/'],
  ])('are in no part of its job: a URL %s', async (_name, text) => {
    const { payload, failure } = await jobOf(text, { maxLineBytes: 1e5, keepsInput: true });
    const mask = createMask(payload.secrets) ?? ((shown: string) => shown);
    expect(failure?.code).toBe('input');
    for (const shown of [payload.url, failure?.message, payload.input])
      expect(mask(shown ?? '')).not.toContain('s3cret');
  });
});

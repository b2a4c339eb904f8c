import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { holdAnswers, inTurn, late, reply } from '../support/answers.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { lines, ndjson, times } from '../support/input.ts';
import { temporaryFolder } from '../support/places.ts';
import type { Row } from '../support/row.ts';
import { rowsIn } from '../support/row-file.ts';
import { type CountingServer, startServer } from '../support/server.ts';
import { type Ended, type Running, type RunOptions, shell, sluice, start } from '../support/sluice.ts';

const ok = reply(200, 'ok');

/** A run whose rows go to a file: stdout stays empty. */
async function fetchTo(file: string, args: string[], options: RunOptions & { input?: string } = {}): Promise<Ended> {
  const run = await sluice(['fetch', '-o', file, ...args], { ...options, isRows: false });
  expect(run.stdout).toBe('');
  return run;
}

function startTo(file: string, args: string[], options: RunOptions = {}): Running {
  return start(['fetch', '-o', file, ...args], { ...options, isRows: false, isWhole: false });
}

function newFile(content?: string): string {
  const file = join(temporaryFolder(), 'out.ndjson');
  if (content !== undefined) writeFileSync(file, content);
  return file;
}

/** Records `a1`, `a2` … of that path, each its own URL. */
function records(server: CountingServer, ids: readonly string[], path = '/'): string {
  return ndjson(...ids.map((id) => ({ id, url: server.at(`${path}?${id}`) })));
}

const idsOf = (rows: readonly Row[]) => rows.map((row) => row.id ?? '').sort();
const numbered = (count: number) => Array.from({ length: count }, (_value, at) => `job-${at}`);
/** The same order each time, and no order at all. */
const shuffled = (texts: readonly string[]) => [...texts].sort((a, b) => mixed(a) - mixed(b) || (a < b ? -1 : 1));
const mixed = (text: string) => Buffer.from(text).reduce((sum, byte) => (sum * 31 + byte * 7919) % 104_729, 7);

describe('-o FILE', () => {
  test('rows go to FILE, whole and by the schema, each with a key or an id; stdout stays empty', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const file = newFile();
    const input = lines(server.at('/a'), server.at('/bad'), JSON.stringify({ id: 'x', url: server.at('/b') }));
    const run = await fetchTo(file, ['--include', 'headers,timings,attempts,input,request'], { input });
    expect([run.exitCode, run.stderr]).toEqual([1, '']);
    const rows = rowsIn(file) as (Row & { key?: string })[];
    expect(rows).toHaveLength(3);
    const byUrl = (path: string) => rows.find((row) => row.url === server.at(path));
    expect(byUrl('/a')).toMatchObject({ id: null, ok: true, status: 200, body: 'ok', key: expect.any(String) });
    expect(byUrl('/bad')).toMatchObject({ ok: false, status: 404, error: { code: 'http' }, key: expect.any(String) });
    expect(byUrl('/b')).toMatchObject({ id: 'x', ok: true });
    expect(byUrl('/b')).not.toHaveProperty('key');
    for (const row of rows) expect(Object.keys(row)).toEqual(expect.arrayContaining(['timings', 'input', 'headers']));
  });

  test('each row is in the file before the next call of its slot', async () => {
    const file = newFile();
    const held = holdAnswers();
    const server = await startServer({ '*': held.handler });
    const run = startTo(file, ['-c', '1']);
    run.stdin.end(times(5, server.at('/')));
    for (let done = 0; done < 4; done++) {
      await server.called(done + 1);
      expect(rowsIn(file)).toHaveLength(done);
      held.release(1);
    }
    held.open();
    await run.ended;
    expect(rowsIn(file)).toHaveLength(5);
  });

  test('a FILE that is not empty needs --resume or --overwrite: exit 2, nothing sent, nothing changed', async () => {
    const server = await startServer();
    const file = newFile('mine\n');
    const run = await fetchTo(file, [server.at('/')]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/^sluice: .*--resume.*--overwrite.*\n$/);
    expect([readFileSync(file, 'utf8'), server.calls.length]).toEqual(['mine\n', 0]);
    const empty = await fetchTo(newFile(''), [server.at('/')]);
    expect(empty.exitCode).toBe(0);
  });

  test('--overwrite begins it anew', async () => {
    const server = await startServer();
    const file = newFile('mine\n');
    expect((await fetchTo(file, ['--overwrite', server.at('/')])).exitCode).toBe(0);
    expect(rowsIn(file)).toHaveLength(1);
  });

  test('wrong usage leaves the FILE that --overwrite would begin anew as it is, and no lock', async () => {
    const file = newFile('mine\n');
    const args = ['fetch', '-o', file, '--overwrite', 'http://127.0.0.1:1/'];
    await expectRefused([
      [[...args, '--lane', '{{account'], '--lane'],
      [[...args, '--limit', 'x'], '--limit'],
      [[...args, '-i', '/no/such/file'], '/no/such/file'],
      [[...args, '-H', '@/no/such/file'], '/no/such/file'],
    ]);
    expect(readFileSync(file, 'utf8')).toBe('mine\n');
    expect(readdirSync(join(file, '..'))).toEqual(['out.ndjson']);
  });

  test('a directory, a folder that is not there, a file for a folder: exit 2, nothing sent', async () => {
    const server = await startServer();
    const folder = temporaryFolder({ file: '' });
    const places = [folder, join(folder, 'none/out.ndjson'), join(folder, 'file/out.ndjson')];
    await expectRefused(places.map((place) => [['fetch', '-o', place, server.at('/')], /^sluice: --output: /]));
    expect([server.calls.length, readdirSync(folder)]).toEqual([0, ['file']]);
  });

  test('the input itself is no place for the rows: exit 2, and it is still there', async () => {
    const server = await startServer();
    const folder = temporaryFolder({ 'urls.txt': lines(server.at('/')) });
    const file = join(folder, 'urls.txt');
    const run = await fetchTo(file, ['-i', file, '--overwrite']);
    expect([run.exitCode, readFileSync(file, 'utf8')]).toEqual([2, lines(server.at('/'))]);
  });

  test('modes exclude each other and need a file', async () => {
    const server = await startServer();
    const needy = [['--resume'], ['--overwrite'], ['--retry-failed'], ['-o', '-', '--resume']];
    await expectRefused([
      ...needy.map((flags) => [['fetch', ...flags, server.at('/')], 'it needs a file of rows'] as const),
      [['fetch', '-o', newFile(), '--resume', '--overwrite', server.at('/')], 'contradict each other'],
    ]);
    expect(server.calls).toHaveLength(0);
  });

  test('a closed stdout does not stop it, --fail-fast does, and every row read is there', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const file = newFile();
    const run = startTo(file, []);
    run.closeStdout();
    run.stdin.end(times(50, server.at('/')));
    expect((await run.ended).exitCode).toBe(0);
    expect(rowsIn(file)).toHaveLength(50);
    const stopped = await fetchTo(file, ['--overwrite', '--fail-fast'], { input: times(50, server.at('/bad')) });
    expect(stopped.exitCode).toBe(3);
    const rows = rowsIn(file);
    expect(rows.map((row) => row.index).sort((a, b) => a - b)).toEqual(rows.map((_row, at) => at));
  });

  test.runIf(existsSync('/dev/full'))('/dev/full is exit 4, and no more calls than those in flight', async () => {
    const server = await startServer();
    const run = await fetchTo('/dev/full', ['-c', '2'], { input: times(500, server.at('/')) });
    expect(run.exitCode).toBe(4);
    expect(run.stderr).toMatch(/ENOSPC/);
    expect(server.calls.length).toBeLessThanOrEqual(10);
  });

  test('a disk that is full is exit 4; with room again --resume drops the torn row and does the rest', async () => {
    const disk = smallDisk();
    if (!disk) return;
    const server = await startServer();
    const file = join(disk.folder, 'out.ndjson');
    const input = records(server, numbered(300));
    const full = await fetchTo(file, ['-c', '4'], { input });
    expect(full.exitCode).toBe(4);
    expect(server.calls.length).toBeLessThan(300);
    const before = readFileSync(file, 'utf8');
    const again = await fetchTo(file, ['-c', '4', '--resume'], { input });
    expect([2, 4]).toContain(again.exitCode);
    expect(readFileSync(file, 'utf8').startsWith(before.slice(0, before.lastIndexOf('\n') + 1))).toBe(true);
    disk.grow();
    const resumed = await fetchTo(file, ['--resume'], { input });
    expect(resumed.exitCode).toBe(0);
    expect(idsOf(rowsIn(file))).toEqual(numbered(300).sort());
  });
});

describe('--resume', () => {
  test('does not repeat what is ok, does the rest, and ends with one row per job', async () => {
    const server = await startServer({ '/flaky': inTurn(reply(404), ok) });
    const file = newFile();
    const input = lines(server.at('/a'), server.at('/flaky'), server.at('/b'));
    expect((await fetchTo(file, [], { input })).exitCode).toBe(1);
    const run = await fetchTo(file, ['--resume'], { input });
    expect(run.exitCode).toBe(0);
    expect(server.calls.map((call) => call.path).sort()).toEqual(['/a', '/b', '/flaky', '/flaky']);
    expect(rowsIn(file).map((row) => [row.url, row.ok])).toEqual(
      expect.arrayContaining(['/a', '/b', '/flaky'].map((path) => [server.at(path), true])),
    );
    expect(rowsIn(file)).toHaveLength(3);
    const nothing = await fetchTo(file, ['--resume'], { input });
    expect([nothing.exitCode, server.calls.length, rowsIn(file).length]).toEqual([0, 4, 3]);
  });

  test('a FILE that is empty or not there is begun', async () => {
    const server = await startServer();
    for (const file of [newFile(), newFile('')]) {
      expect((await fetchTo(file, ['--resume', server.at('/')])).exitCode).toBe(0);
      expect(rowsIn(file)).toHaveLength(1);
    }
  });

  test('rows that stay are the same to the letter', async () => {
    const server = await startServer({
      '/n': reply(200, '{"n":12345678901234567890,"u":"\\u2028é"}', { 'content-type': 'application/json' }),
    });
    const file = newFile();
    await fetchTo(file, [server.at('/n')]);
    const [before] = readFileSync(file, 'utf8').split('\n');
    await fetchTo(file, ['--resume'], { input: lines(server.at('/m'), server.at('/n')) });
    expect(readFileSync(file, 'utf8').split('\n')[0]).toBe(before);
    expect(server.callsOf('/n')).toHaveLength(1);
  });

  test('a job is known by its id, whatever its place: the input may be reordered and longer', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const file = newFile();
    await fetchTo(file, [], { input: records(server, ['a', 'b', 'c']) });
    const run = await fetchTo(file, ['--resume'], { input: records(server, ['new', 'c', 'a', 'newer', 'b']) });
    expect([run.exitCode, server.calls.length]).toEqual([0, 5]);
    expect(idsOf(rowsIn(file))).toEqual(['a', 'b', 'c', 'new', 'newer']);
  });

  test('without ids a job is known by its `key`, each of several that are the same to the letter too', async () => {
    const server = await startServer({ '/same': inTurn(ok, reply(404), ok) });
    const file = newFile();
    const input = times(3, server.at('/same')) + lines(server.at('/other'));
    await fetchTo(file, ['-c', '1'], { input });
    expect(rowsIn(file).filter((row) => row.ok)).toHaveLength(3);
    const more = lines(server.at('/other')) + times(5, server.at('/same'));
    const run = await fetchTo(file, ['--resume'], { input: more });
    expect([run.exitCode, server.callsOf('/same').length, server.callsOf('/other').length]).toEqual([0, 6, 1]);
    expect(rowsIn(file)).toHaveLength(6);
  });

  test('the key is of method, URL, body and own headers: another of them is another job; credentials are none', async () => {
    const server = await startServer();
    const file = newFile();
    const url = server.at('/');
    const one = { url, method: 'POST', body: 'x', headers: { 'x-a': '1', authorization: 'Bearer old' } };
    await fetchTo(file, [], { input: ndjson(one) });
    const same = { ...one, headers: { ...one.headers, authorization: 'Bearer new' } };
    await fetchTo(file, ['--resume', '--bearer-env', 'TOKEN'], { input: ndjson(same), env: { TOKEN: 'other-token' } });
    expect(server.calls).toHaveLength(1);
    const others = [
      { ...one, method: 'PUT' },
      { ...one, body: 'y' },
      { ...one, url: `${url}?y` },
      { ...one, headers: { 'x-a': '2' } },
    ];
    await fetchTo(file, ['--resume'], { input: ndjson(one, ...others) });
    expect([server.calls.length, rowsIn(file).length]).toEqual([5, 5]);
  });

  test('a torn last line is dropped, wherever it was torn', async () => {
    const server = await startServer();
    const file = newFile();
    const input = records(server, ['a', 'b']);
    await fetchTo(file, ['-c', '1'], { input });
    const [first = '', second = ''] = readFileSync(file, 'utf8').split('\n');
    for (const length of [1, 2, Math.floor(second.length / 2), second.length - 1]) {
      writeFileSync(file, `${first}\n${second.slice(0, length)}`);
      const run = await fetchTo(file, ['--resume'], { input });
      expect([run.exitCode, idsOf(rowsIn(file))], `${length}`).toEqual([0, ['a', 'b']]);
      expect(run.stderr, `${length}`).toMatch(/torn/);
    }
    expect(server.calls).toHaveLength(6);
    // Whole but for its line end: it is done.
    writeFileSync(file, `${first}\n${second}`);
    await fetchTo(file, ['--resume'], { input });
    expect([server.calls.length, rowsIn(file).length]).toEqual([6, 2]);
  });

  test('kill -9 at any moment: then once to the end, and every id is there once and ok', async () => {
    const server = await startServer({ '*': late(2, ok) });
    const file = newFile();
    const ids = numbered(300);
    const kills = 4;
    for (let kill = 0; kill < kills; kill++) {
      const run = startTo(file, ['-c', '10', '--resume']);
      run.stdin.end(records(server, kill % 2 ? ids : shuffled(ids)));
      await server.called(server.calls.length + 40 + kill * 7);
      process.kill(run.pid, 'SIGKILL');
      expect((await run.ended).signal).toBe('SIGKILL');
      await server.quiet();
    }
    const last = await fetchTo(file, ['-c', '10', '--resume'], { input: records(server, shuffled(ids).reverse()) });
    expect(last.exitCode).toBe(0);
    const rows = rowsIn(file);
    expect(rows.every((row) => row.ok)).toBe(true);
    expect(idsOf(rows)).toEqual([...ids].sort());
    expect(server.calls.length).toBeLessThanOrEqual(300 + kills * 10);
    expect(readdirSync(join(file, '..'))).toEqual(['out.ndjson']);
  });

  test('a changed configuration is warned of; what is done stays done', async () => {
    const [before, after] = [await startServer(), await startServer()];
    const file = newFile();
    const input = ndjson({ id: 'a', url: '/x' }, { id: 'b', url: '/y' });
    await fetchTo(file, ['--base-url', before.url], { input });
    const same = await fetchTo(file, ['--base-url', before.url, '--resume'], { input });
    expect(same.stderr).not.toMatch(/warning/);
    const changed = await fetchTo(file, ['--base-url', after.url, '--resume'], { input });
    expect([changed.exitCode, after.calls.length]).toEqual([0, 0]);
    expect(changed.stderr).toMatch(/warning: .*changed.*--overwrite/);
  });

  test('says how much is done and how much is to be done again, and with --quiet nothing', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const file = newFile();
    const input = lines(server.at('/a'), server.at('/b'), server.at('/bad'));
    await fetchTo(file, [], { input });
    expect((await fetchTo(file, ['--resume'], { input })).stderr).toMatch(/2 done; 1 failed/);
    expect((await fetchTo(file, ['--resume', '--quiet'], { input })).stderr).toBe('');
  });

  test('lines that cannot be done have one row each, however often it is resumed', async () => {
    const server = await startServer();
    const file = newFile();
    const input = lines(server.at('/a'), 'no url', '{"id":"x"}', '{broken');
    for (const flags of [[], ['--resume'], ['--resume']]) {
      expect((await fetchTo(file, flags, { input })).exitCode).toBe(1);
      expect(
        rowsIn(file)
          .map((row) => row.error?.code ?? 'ok')
          .sort(),
      ).toEqual(['input', 'input', 'input', 'ok']);
    }
    expect(server.calls).toHaveLength(1);
  });

  test('a FILE behind a link stays behind it, and one that only its owner may read stays so', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const folder = temporaryFolder();
    const [link, real] = [join(folder, 'link.ndjson'), join(folder, 'real.ndjson')];
    symlinkSync(real, link);
    writeFileSync(real, '', { mode: 0o600 });
    await fetchTo(link, [server.at('/a')]);
    await fetchTo(link, ['--resume'], { input: lines(server.at('/a'), server.at('/b')) });
    expect(rowsIn(real)).toHaveLength(2);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(real).mode & 0o777).toBe(0o600);
  });
});

describe('--retry-failed', () => {
  test('does only what failed; lines that FILE does not know are left out', async () => {
    const server = await startServer({ '/flaky': inTurn(reply(404), ok) });
    const file = newFile();
    await fetchTo(file, [], { input: lines(server.at('/a'), server.at('/flaky')) });
    const input = lines(server.at('/new'), server.at('/flaky'), server.at('/a'));
    const run = await fetchTo(file, ['--retry-failed'], { input });
    expect(run.exitCode).toBe(0);
    expect(server.calls.map((call) => call.path)).toEqual(['/a', '/flaky', '/flaky']);
    expect(
      rowsIn(file)
        .map((row) => row.url ?? '')
        .sort(),
    ).toEqual([server.at('/a'), server.at('/flaky')].sort());
  });

  test('a line that is no URL keeps its row', async () => {
    const server = await startServer();
    const file = newFile();
    const input = lines(server.at('/a'), 'no url');
    await fetchTo(file, [], { input });
    const run = await fetchTo(file, ['--retry-failed'], { input });
    expect([run.exitCode, rowsIn(file).length]).toEqual([1, 2]);
  });

  test('kill -9 forgets nothing that had failed: it can be given again', async () => {
    const server = await startServer({ '*': reply(404) });
    const file = newFile();
    const input = records(server, ['a', 'b', 'c']);
    await fetchTo(file, [], { input });
    const held = holdAnswers();
    server.on('*', held.handler);
    server.on('/', held.handler);
    const run = startTo(file, ['--retry-failed', '-c', '1']);
    run.stdin.end(input);
    await server.called(4);
    held.release(1);
    await server.called(5);
    process.kill(run.pid, 'SIGKILL');
    await run.ended;
    held.open();
    expect((await fetchTo(file, ['--retry-failed'], { input })).exitCode).toBe(0);
    expect(idsOf(rowsIn(file))).toEqual(['a', 'b', 'c']);
  });
});

describe('a folder where FILE is rewritten', () => {
  test('found at the end of --retry-failed: exit 4 and what to do, with all rows in FILE and no lock', async () => {
    const held = holdAnswers();
    const server = await startServer({ '/flaky': inTurn(reply(404), held.handler) });
    const file = newFile();
    const input = lines(server.at('/a'), server.at('/flaky'));
    await fetchTo(file, [], { input });
    const run = startTo(file, ['--retry-failed', '--summary', 'json']);
    run.stdin.end(input);
    await server.called(3);
    mkdirSync(`${file}.resume`);
    held.open();
    const { exitCode, stderr } = await run.ended;
    expect(exitCode).toBe(4);
    expect(stderr).toContain('"ok":1');
    expect(stderr).toMatch(
      /\nsluice: all rows are in \S+out\.ndjson, .+ beside their new ones: .+out\.ndjson\.resume.*; .+--retry-failed.+\n$/,
    );
    expect(rowsIn(file).map((row) => row.status)).toEqual([200, 404, 200]);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['out.ndjson', 'out.ndjson.resume']);

    rmdirSync(`${file}.resume`);
    expect((await fetchTo(file, ['--retry-failed'], { input })).exitCode).toBe(0);
    expect(rowsIn(file).map((row) => row.status)).toEqual([200, 200]);
  });

  test('found at the start: wrong usage that names it, and nothing is sent', async () => {
    const server = await startServer({ '/bad': reply(404) });
    const file = newFile();
    await fetchTo(file, [server.at('/bad')]);
    mkdirSync(`${file}.resume`);
    const again = ['--resume', '--retry-failed'].map((mode) => ['fetch', '-o', file, mode, server.at('/bad')]);
    await expectRefused(again.map((args) => [args, `EISDIR: illegal operation on a directory, open '${file}.resume'`]));
    expect(server.calls).toHaveLength(1);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['out.ndjson', 'out.ndjson.resume']);
  });
});

describe('two runs on one file', () => {
  test('the second is refused while the first lives, whatever it means to do: nothing sent, the first goes on', async () => {
    const held = holdAnswers();
    const server = await startServer({ '/held': held.handler });
    const file = newFile();
    const first = startTo(file, ['-c', '1']);
    first.stdin.end(lines(server.at('/a'), server.at('/held'), server.at('/b')));
    await server.called(2);
    const modes = [[], ['--resume'], ['--overwrite'], ['--retry-failed']];
    await expectRefused(modes.map((mode) => [['fetch', '-o', file, ...mode, server.at('/second')], file]));
    held.open();
    expect((await first.ended).exitCode).toBe(0);
    expect([rowsIn(file).length, server.callsOf('/second').length]).toEqual([3, 0]);
    expect(readdirSync(join(file, '..'))).toEqual(['out.ndjson']);
  });

  test('of many that begin at the same time one runs', async () => {
    const held = holdAnswers();
    const server = await startServer({ '*': held.handler });
    const file = newFile();
    const runs = [1, 2, 3, 4].map(() => startTo(file, ['--resume', server.at('/')]));
    await server.called(1);
    const refused = new Promise<void>((resolve) => {
      let ended = 0;
      for (const run of runs) {
        void run.ended.then(() => {
          ended += 1;
          if (ended === 3) resolve();
        });
      }
    });
    await refused;
    held.open();
    const codes = (await Promise.all(runs.map((run) => run.ended))).map((run) => run.exitCode);
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === 2)).toHaveLength(3);
    expect([rowsIn(file).length, server.calls.length]).toEqual([1, 1]);
  });

  test('what a killed run left behind is taken over', async () => {
    const held = holdAnswers();
    const server = await startServer({ '/held': held.handler });
    const file = newFile();
    const input = lines(server.at('/a'), server.at('/held'));
    const first = startTo(file, ['-c', '1']);
    first.stdin.end(input);
    await server.called(1, '/held');
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    held.open();
    // As if it had been killed while it rewrote the file, too.
    writeFileSync(`${file}.resume`, '{"index":');
    const second = await fetchTo(file, ['--resume'], { input });
    expect([second.exitCode, rowsIn(file).length]).toEqual([0, 2]);
    expect(readdirSync(join(file, '..'))).toEqual(['out.ndjson']);
  });

  test('a number that another process has by now does not keep it locked', async () => {
    const server = await startServer();
    const file = newFile();
    writeFileSync(`${file}.lock`, `${process.pid} 1`);
    expect((await fetchTo(file, [server.at('/')])).exitCode).toBe(0);
  });
});

describe('the command that resumes, after Ctrl-C', () => {
  test('given to bash as it is, it finishes the job', async () => {
    const held = holdAnswers();
    const server = await startServer({ '/held': held.handler });
    const ids = numbered(40);
    const records = ids.map((id, at) => ({ id, url: server.at(at === 20 ? '/held' : '/') }));
    const folder = temporaryFolder({ "the user's list.ndjson": ndjson(...records) });
    const header = 'x-note: it\'s "$HOME" `date` \\ & done';
    const argv = ['-i', "the user's list.ndjson", '--overwrite', '-c', '1', '-H', header, '--grace', '0s'];
    const run = startTo('out put.ndjson', argv, { cwd: folder });
    await server.called(1, '/held');
    await run.signal('SIGINT');
    const ended = await run.ended;
    expect(ended.signal).toBe('SIGINT');
    const [, command = ''] = /To resume: (.*)\n$/.exec(ended.stderr) ?? [];
    expect(command).toMatch(/^sluice fetch .*--resume$/);
    const callsBefore = server.calls.length;
    held.open();
    const resumed = await shell(command, { cwd: folder, isRows: false });
    expect([resumed.exitCode, resumed.stdout]).toEqual([0, '']);
    const rows = rowsIn(join(folder, 'out put.ndjson'));
    expect([idsOf(rows), rows.every((row) => row.ok)]).toEqual([[...ids].sort(), true]);
    expect(server.calls.length - callsBefore).toBe(20);
    expect(new Set(server.calls.map((call) => call.headers['x-note']))).toEqual(new Set([header.slice(8)]));
  });

  test('says what is done, and shows no credential', async () => {
    const server = await startServer({ '/held': holdAnswers().handler });
    const file = newFile();
    const secrets = ['-H', 'authorization: Bearer tok-4711-secret', '-u', 'ann:pass-0815-word'];
    const own = server.at('/held').replace('http://', 'http://bob:in-the-url-123@');
    const run = startTo(file, [...secrets.slice(0, 2), '-c', '1', '--grace', '0s', server.at('/a'), own]);
    await server.called(1, '/held');
    await run.signal('SIGINT');
    const { stderr } = await run.ended;
    expect(stderr).toMatch(/1 done, 0 failed, 1 cancelled/);
    expect(stderr + readFileSync(file, 'utf8')).not.toMatch(/tok-4711-secret|in-the-url-123/);

    const user = startTo(file, ['--overwrite', ...secrets.slice(2), '--grace', '0s', server.at('/held')]);
    await server.called(2, '/held');
    await user.signal('SIGINT');
    expect((await user.ended).stderr).not.toMatch(/pass-0815-word/);
  });
});

/** A file system of 64 KB, where this process may make one; it can grow. Gone after the test. */
function smallDisk(): { folder: string; grow(): void } | null {
  const folder = join(temporaryFolder(), 'disk');
  mkdirSync(folder);
  if (getuid?.() !== 0) return null;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return null;
  }
  onTestFinished(() => void execFileSync('umount', [folder]));
  return { folder, grow: () => void execFileSync('mount', ['-o', 'remount,size=4m', folder]) };
}

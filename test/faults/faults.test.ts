import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { issue } from '../support/certificates.ts';
import { projectRoot, temporaryFolder } from '../support/places.ts';
import { type CountingServer, startServer } from '../support/server.ts';
import { type Ended, sluice } from '../support/sluice.ts';
import { stillOpen } from './servers.ts';
import { elsewhere, faults, limits, tls } from './table.ts';

/** Every fault on a line of its own, one good line behind each; one retry is allowed. */
async function runOver(): Promise<{ run: Ended; good: CountingServer }> {
  const authority = await issue('a test authority', { names: [] });
  const good = await startServer();
  const lines: (string | Buffer)[] = [];
  for (const [at, { line }] of faults.entries()) lines.push(await line({ authority }), '\n', good.at(`/${at}`), '\n');
  const cwd = temporaryFolder({ 'ca.pem': authority.cert });
  const flags = [
    '--retries=1',
    '--retry-delay=1ms',
    '--retry-after-max=5s',
    `--timeout=${limits.timeoutMs}ms`,
    `--connect-timeout=${limits.connectTimeoutMs}ms`,
    `--max-body=${limits.maxBody}`,
    `--max-redirects=${limits.maxRedirects}`,
    '--http2',
    '--cacert=ca.pem',
    '--concurrency=200',
  ];
  const run = await sluice(['fetch', ...flags], {
    cwd,
    input: Buffer.concat(lines.map((part) => Buffer.from(part))),
    hangsAfterMs: 60_000,
  });
  return { run, good };
}

test('every fault is one row that says what happened, in time, and the run goes on', { timeout: 60_000 }, async () => {
  const { run, good } = await runOver();
  expect(run.exitCode).toBe(1);
  expect(run.rows).toHaveLength(faults.length * 2);
  const seen = faults.map(({ name, phase }, at) => {
    const { error, attempts } = run.row(at * 2);
    return { name, code: error?.code ?? null, attempts, ...(phase === undefined ? {} : { phase: error?.phase }) };
  });
  expect(seen).toEqual(
    faults.map(({ name, code, attempts, phase }) => ({
      name,
      code,
      attempts,
      ...(phase === undefined ? {} : { phase }),
    })),
  );
  for (const [at, { name }] of faults.entries()) {
    expect(run.row(at * 2 + 1).ok, `the line behind: ${name}`).toBe(true);
    // Twice, for a machine that is busy with something else.
    expect(run.row(at * 2).duration_ms ?? 0, name).toBeLessThan(limits.timeoutMs * 2);
  }
  expect(good.calls).toHaveLength(faults.length);
  await good.quiet();
  await expect.poll(stillOpen).toEqual([]);
  const messages = tls.map((fault) =>
    run.row(faults.indexOf(fault) * 2).error?.message.replace(/ \(localhost:\d+\)$/, ''),
  );
  expect(new Set(messages).size).toBe(tls.length);
});

test('what is tried elsewhere is there', () => {
  for (const [fault, file, name] of elsewhere) {
    expect(readFileSync(join(projectRoot, file), 'utf8'), fault).toContain(name);
  }
});

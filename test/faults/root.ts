// node root.ts FULL: what root.sh has prepared is tried. FULL is a folder on a file system with room for 64 kB; there are
// 21 ports to call from, and names are asked of a server that never answers.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

type Row = { ok: boolean; url: string; attempts: number; error: { code: string; phase: string | null } | null };

const [full = ''] = process.argv.slice(2);
const root = join(import.meta.dirname, '../..');
const sluice = [join(root, 'node_modules/node/bin/node'), join(root, 'bin/run.js')];
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' });
  setTimeout(() => response.end('x'.repeat(500)), 20);
});
await new Promise<void>((resolve) => server.listen(8080, '127.0.0.1', resolve));
const dns = createSocket('udp4').bind(53, '127.0.0.1');
await once(dns, 'listening');
const url = (at: number, host = '127.0.0.1') => `http://${host}:8080/${at}`;
const many = Array.from({ length: 300 }, (_value, at) => url(at));

const checks: Record<string, () => Promise<string | null>> = {
  'no free port: calls wait for one, and none fails or uses a retry': async () => {
    const { rows, code } = await run(['-c', '80', ...many]);
    const wrong = rows.filter(({ ok, attempts }) => !ok || attempts !== 1);
    return code === 0 && rows.length === many.length && wrong.length === 0
      ? null
      : `exit ${code}, ${JSON.stringify(wrong[0])}`;
  },
  'a full disk under -o: exit 4': async () => {
    const { code, stderr } = await run(['-o', join(full, 'rows.ndjson'), ...many]);
    return code === 4 && /could not be written/.test(stderr) ? null : `exit ${code}: ${stderr}`;
  },
  'a full disk under stdout: exit 4': async () => {
    const { code, stderr } = await run(many, openSync(join(full, 'rows.ndjson'), 'w'));
    return code === 4 && /could not be written/.test(stderr) ? null : `exit ${code}: ${stderr}`;
  },
  'names that are never answered fail in time, and do not hold up the others': async () => {
    const dead = Array.from({ length: 30 }, (_value, at) => url(at, `dead${at}.example`));
    const live = Array.from({ length: 5 }, (_value, at) => url(at, 'localhost'));
    const startedMs = performance.now();
    const { rows } = await run(['-c', '40', '--retries', '0', '--connect-timeout', '1s', ...dead, ...live]);
    const seconds = (performance.now() - startedMs) / 1000;
    const wrong = rows.filter(({ ok, url: asked, error }) =>
      asked.includes('localhost') ? !ok : error?.phase !== 'connect' || !['dns', 'timeout'].includes(error.code),
    );
    return rows.length === 35 && wrong.length === 0 && seconds < 8 ? null : `${seconds} s, ${JSON.stringify(wrong[0])}`;
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const problem = await check();
  console.log(problem === null ? `ok   ${name}` : `FAIL ${name}: ${problem}`);
  if (problem !== null) failed += 1;
}
dns.close();
server.closeAllConnections();
server.close();
process.exitCode = failed === 0 ? 0 : 1;

async function run(
  args: readonly string[],
  stdout?: number,
): Promise<{ rows: Row[]; code: number | null; stderr: string }> {
  const [program = '', ...argv] = [...sluice, 'fetch', ...args];
  const child = spawn(program, argv, { stdio: ['ignore', stdout ?? 'pipe', 'pipe'], timeout: 60_000 });
  const [out = [], err, [code]] = await Promise.all([
    child.stdout?.setEncoding('utf8').toArray() as Promise<string[]> | undefined,
    child.stderr?.setEncoding('utf8').toArray() as Promise<string[]>,
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  const rows = out
    .join('')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row);
  return { rows, code, stderr: err.join('') };
}

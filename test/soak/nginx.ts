import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchServer } from '../bench/bench-server.ts';
import { sluiceArgv } from '../bench/contenders.ts';
import { measure } from '../bench/measure.ts';
import type { Finding } from './finding.ts';

/** Ten calls a second and four at once, as nginx counts them, without a burst. */
const limits = (folder: string, port: number, upstream: string) => `
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
events { worker_connections 1024; }
http {
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  limit_req_zone $binary_remote_addr zone=rate:1m rate=10r/s;
  limit_conn_zone $binary_remote_addr zone=slots:1m;
  limit_req_log_level info;
  server {
    listen 127.0.0.1:${port};
    location / {
      limit_req zone=rate;
      limit_conn slots 4;
      proxy_pass ${upstream};
    }
  }
}`;

/**
 * What the machine's own pauses may cost: a call that nginx is late to see makes the next one seem too early: about one
 * in a hundred on a quiet machine, whatever the distance (101 ms fares no better), and one refusal may bring others.
 */
const mostRefused = 0.05;

/** With the limits of the server next to nothing is refused; without any, every row is ok with at most three times the calls. */
export async function nginx(server: BenchServer): Promise<Finding> {
  if (!isThere()) return { ok: true, figures: 'NOT TRIED: nginx is not installed and cannot be installed here' };
  // Its workers are somebody else, and must get at the files.
  const folder = mkdtempSync(join(tmpdir(), 'sluice-nginx-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), limits(folder, port, server.origin));
  const judge = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const origin = `http://127.0.0.1:${port}`;
  try {
    await answering(`${origin}/item/0`);
    const asked = [
      await run(origin, folder, { calls: 110, flags: ['-c', '4', '--rate', '10/s'] }),
      await run(origin, folder, { calls: 110, flags: ['--host-concurrency', '4', '--host-rate', '10/s'] }),
    ];
    const free = await run(origin, folder, { calls: 110, flags: [] });
    const isWithin = asked.every(({ ok, calls, refused, rows }) => ok === rows && refused <= calls * mostRefused);
    const isPolite = free.ok === free.rows && free.calls <= free.rows * 3;
    const told = [...asked, free].map(
      ({ flags, ok, rows, calls, refused, seconds }) =>
        `${flags || 'no limits'}: ${ok} of ${rows} ok, ${refused} of ${calls} refused, ${seconds} s`,
    );
    return { ok: isWithin && isPolite, figures: told.join('; ') };
  } finally {
    judge.kill('SIGTERM');
    if (judge.exitCode === null && judge.signalCode === null) await once(judge, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(origin: string, folder: string, { calls: lines, flags }: { calls: number; flags: string[] }) {
  // What came before has leaked away.
  await delay(1000);
  const log = join(folder, 'access.log');
  const before = statuses(log).length;
  const { readerText, wallMs } = await measure({
    argv: [...sluiceArgv, 'fetch', '--summary', 'none', ...flags],
    lineFormat: `${origin}/delay/100?%.0f`,
    lines,
    reader: ['grep', '-c', '"ok":true'],
    limitMs: 90_000,
  });
  const seen = statuses(log).slice(before);
  const refused = seen.filter((status) => status !== 200).length;
  const seconds = (wallMs / 1000).toFixed(0);
  return { flags: flags.join(' '), rows: lines, ok: Number(readerText), calls: seen.length, refused, seconds };
}

function statuses(log: string): number[] {
  return [...readFileSync(log, 'utf8').matchAll(/" (\d{3}) \d+ "/g)].map(([, status]) => Number(status));
}

/** Whether nginx is there; installs it where that can be done without asking anybody, and says so. */
function isThere(): boolean {
  if (does('nginx', ['-v'])) return true;
  if (process.getuid?.() !== 0 || !does('apt-get', ['--version'])) {
    console.log('!!!! nginx is not installed, and only root with apt-get could install it: its check is NOT TRIED');
    return false;
  }
  console.log('nginx is not installed: apt-get install nginx-light');
  does('apt-get', ['install', '-y', '--no-install-recommends', 'nginx-light']);
  const isInstalled = does('nginx', ['-v']);
  if (!isInstalled) console.log('!!!! nginx-light could not be installed: its check is NOT TRIED');
  return isInstalled;
}

function does(program: string, argv: readonly string[]): boolean {
  try {
    execFileSync(program, argv, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response) return;
    await delay(50);
  }
  throw new Error(`nginx did not start at ${url}`);
}

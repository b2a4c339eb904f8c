import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sluiceArgv } from '../bench/contenders.ts';
import { type Cost, measure } from '../bench/measure.ts';
import type { Finding } from './finding.ts';

/**
 * Every line another host, with room for 1024 open files: all are called, and a list three times as long needs no more
 * memory. The server is every address of 127.0.0.0/8, which only Linux has by itself.
 */
export async function manyHosts(): Promise<Finding> {
  if (process.platform !== 'linux') return { ok: true, figures: 'not tried: only Linux answers on all of 127.0.0.0/8' };
  const server = spawn(process.execPath, [join(import.meta.dirname, 'any-host.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
    const port = Number(line);
    const third = await call(port, 10_000);
    // On a slow machine a shorter list has to do.
    const hosts = third.wallMs > 6000 ? 30_000 : 100_000;
    const few = hosts === 30_000 ? third : await call(port, 33_000);
    const all = await call(port, hosts);
    const rows = [few, all].map(({ readerText }) => readerText).join(' and ');
    const isWhole = few.exitCode === 0 && all.exitCode === 0 && Number(all.readerText) === hosts;
    const said = all.stderrText === '' ? '' : `, stderr: ${all.stderrText.slice(0, 500)}`;
    if (few.peakMb === null || all.peakMb === null)
      return { ok: isWhole, figures: `${rows} rows ok; memory not known` };
    const above = all.peakMb - few.peakMb;
    const peaks = `${all.peakMb.toFixed(0)} MB against ${few.peakMb.toFixed(0)} MB`;
    return {
      ok: isWhole && above <= 60 && said === '',
      figures: `${rows} rows ok in ${(all.wallMs / 1000).toFixed(0)} s; ${above.toFixed(0)} MB above; ${peaks}${said}`,
    };
  } finally {
    server.stdin.end();
    if (server.exitCode === null) await once(server, 'exit');
  }
}

/** So many hosts, 127.16.0.0 and on: `seq` counts in decimal digits, which are digits of the address in hexadecimal. */
function call(port: number, hosts: number): Promise<Cost> {
  return measure({
    argv: ['bash', '-c', 'ulimit -n 1024; exec "$@"', 'bash', ...sluiceArgv, 'fetch', '-c', '50', '--summary', 'none'],
    lineFormat: `http://0x7f1%05.0f:${port}/`,
    lines: hosts,
    reader: ['grep', '-c', '"ok":true'],
    limitMs: 150_000,
  });
}

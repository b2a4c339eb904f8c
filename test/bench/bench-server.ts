import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { StatsReport } from './stats.ts';

export type BenchServer = {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** What the server has counted since the last reset. */
  report(): Promise<StatsReport>;
  reset(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts server.ts as a process of its own. It ends with us, whatever becomes of us: its stdin is our pipe. */
export async function startBenchServer(): Promise<BenchServer> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'server.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const origin = `http://127.0.0.1:${String(line).trim()}`;
  return {
    origin,
    async report() {
      return (await (await fetch(`${origin}/stats`)).json()) as StatsReport;
    },
    async reset() {
      await (await fetch(`${origin}/reset`)).text();
    },
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

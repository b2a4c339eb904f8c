import { readFileSync } from 'node:fs';
import type { FlowSettings } from './flow-settings.ts';

/** What the program itself, its files and its name lookups may have open beside connections. */
const reserved = 48;
/** Fewer connections than this are no use, whatever the limit is: what then fails is tried again. */
const fewest = 4;

/**
 * No more at once than `ulimit -n` has room for: a call that finds no descriptor free only waits for one. Says so on
 * stderr where that is less than was asked for.
 */
export function withinDescriptors(
  flow: FlowSettings,
  { isQuiet }: { isQuiet: boolean },
): { flow: FlowSettings; maxConnections: number } {
  const limit = openFileLimit();
  const maxConnections = Math.max(fewest, Math.floor((limit - reserved) * 0.9));
  if (flow.concurrency <= maxConnections) return { flow, maxConnections };
  if (!isQuiet) {
    process.stderr.write(
      `sluice: -c ${flow.concurrency} needs more open files than this machine allows (${limit}): ${maxConnections} at once; raise \`ulimit -n\` for more\n`,
    );
  }
  return { flow: { ...flow, concurrency: maxConnections }, maxConnections };
}

/** Node.js has raised the soft limit to the hard one when this runs. */
function openFileLimit(): number {
  const soft = limitOfProc() ?? limitOfReport();
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function limitOfProc(): string | null {
  try {
    return /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Takes 40 times as long, but is there on every system; where it is not, nothing is known and nothing held back. */
function limitOfReport(): string {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: string | number } } };
  return String(report.userLimits?.open_files?.soft ?? 'unlimited');
}

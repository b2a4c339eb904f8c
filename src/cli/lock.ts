import { open, readFile, rm } from 'node:fs/promises';
import { UsageError } from './values.ts';

/**
 * Keeps a second run off a file, by a file beside it that names the process. What a killed run left behind is taken
 * over. Throws a UsageError when the other run is alive; gives the function that lets go.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  const me = `${process.pid} ${await startOf(process.pid)}`;
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      const file = await open(lock, 'wx');
      await file.writeFile(me);
      await file.close();
      return () => rm(lock, { force: true });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw new UsageError(`--output: cannot lock ${path}: ${message}`);
    }
    const owner = await readFile(lock, 'utf8').catch(() => '');
    const [pid = '', start = ''] = owner.split(' ');
    if (await isAlive(Number(pid), start)) {
      throw new UsageError(
        `--output: ${path} is being written by another run (process ${pid}); if that is not so, remove ${lock}`,
      );
    }
    await rm(lock, { force: true });
  }
  throw new UsageError(`--output: ${path} is being taken by another run just now`);
}

/** The process that has this number, and since when: numbers are used again. */
async function isAlive(pid: number, start: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return (await startOf(pid)) === start;
}

/** When a process was started, as Linux counts it; a dash where that cannot be known. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The 22nd field; the second is a name in parentheses that may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
}

import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { writeFault } from '../record/file-fault.ts';
import { UsageError } from './values.ts';

/**
 * Keeps a second run off a file, by a file beside it that names the process. What a killed run left behind is taken
 * over. Throws a UsageError when the other run is alive; gives the function that lets go.
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  const own = `${lock}.${process.pid}`;
  try {
    await writeFile(own, `${process.pid} ${await startOf(process.pid)}`);
  } catch (error) {
    throw cannotWrite(path, error as NodeJS.ErrnoException);
  }
  try {
    for (let tries = 0; tries < 5; tries += 1) {
      // A link appears with its content in one step, so that nobody sees a lock that names no process.
      // One that cannot be removed hinders nobody: its process is gone, and the next run takes it over.
      if (await isLinked(own, lock)) return () => rm(lock, { force: true }).catch(() => {});
      await takeOver(lock, path);
    }
  } finally {
    await rm(own, { force: true });
  }
  throw new UsageError(`--output: ${path} is being taken by another run just now`);
}

export function cannotWrite(path: string, error: NodeJS.ErrnoException): UsageError {
  return new UsageError(`--output: cannot write ${path}: ${writeFault(error)}`);
}

async function isLinked(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new UsageError(`--output: cannot make ${lock}: ${(error as Error).message}`);
  }
}

/** Takes a dead run's lock away. Another run may do the same just now: what was taken is looked at again. */
async function takeOver(lock: string, path: string): Promise<void> {
  await refuseLiving(lock, { lock, path });
  const taken = `${lock}.${process.pid}.old`;
  try {
    await rename(lock, taken);
  } catch {
    return; // gone already
  }
  try {
    await refuseLiving(taken, { lock, path });
  } catch (error) {
    // It was the other run's new one: back with it.
    await link(taken, lock).catch(() => {});
    throw error;
  } finally {
    await rm(taken, { force: true });
  }
}

async function refuseLiving(file: string, { lock, path }: { lock: string; path: string }): Promise<void> {
  const owner = await readFile(file, 'utf8').catch(() => '');
  const [pid = '', start = ''] = owner.split(' ');
  if (await isAlive(Number(pid), start)) {
    const what = `${path} is being written by another run (process ${pid})`;
    throw new UsageError(`--output: ${what}; if that is not so, remove ${lock}`);
  }
}

/** Whether the process that has this number is the one that was started then: numbers are used again. */
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

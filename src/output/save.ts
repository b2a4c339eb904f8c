import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import { percentDecoded } from '../record/percent.ts';
import type { FetchTask } from '../record/request.ts';
import type { SaveBody } from '../record/saving.ts';
import { writeChunks } from './file-writer.ts';
import { safeName } from './safe-name.ts';

export type SaveOptions = {
  /** As the user gave it; it exists. */
  folder: string;
  /** Take the place of files that are there. */
  overwrites: boolean;
};

/**
 * Saves bodies to files of a folder. Each is written under a temporary name and gets its own at the end, in one step
 * that fails where the name is taken: two jobs with one name never overwrite each other.
 */
export function createSave({ folder, overwrites }: SaveOptions): SaveBody {
  const base = folder.replace(/(?<=[^/])\/+$/, '');
  return async (job, chunks) => {
    const path = `${base === '/' ? '' : base}/${nameOf(job)}`;
    const temporary = `${base}/.sluice-${randomBytes(8).toString('hex')}.part`;
    try {
      // Not for safety, which comes at the end, but to spare the download.
      if (!overwrites && (await isThere(path))) throw taken(path);
      const bytes = await writeChunks(temporary, chunks);
      await (overwrites ? rename(temporary, path) : publish(temporary, path));
      return { path, bytes };
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw isSystemError(error) ? cannotSave(path, error) : error;
    }
  };
}

/** `--name` if it is given, else the job's id, or its index, and the last segment of its URL. */
function nameOf({ index, id, payload }: Job<FetchTask>): string {
  if (payload.fileName !== null) return safeName(payload.fileName);
  const [segment = ''] =
    URL.parse(payload.url ?? '')
      ?.pathname.split('/')
      .slice(-1) ?? [];
  return safeName(`${id || index}${segment === '' ? '' : '-'}${percentDecoded(segment)}`);
}

/** Anything counts, also a link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

/** File systems that know no hard links say one of these. */
const noLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

/** Gives a file its name if that is free. */
async function publish(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
    await rm(temporary);
  } catch (error) {
    if (!isSystemError(error) || !noLinks.has(error.code ?? '')) throw error;
    // Whoever creates the empty file owns the name.
    await (await open(path, 'wx')).close();
    await rename(temporary, path);
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function taken(path: string): Failure {
  return new Failure('output', `${path} is there already (--overwrite takes its place, --name gives other names)`);
}

function cannotSave(path: string, cause: NodeJS.ErrnoException): Failure {
  if (cause.code === 'EEXIST') return taken(path);
  const reason = cause.code === 'ENOSPC' ? 'the disk is full' : `${cause.code} at ${cause.syscall}`;
  // Too many open files are ours, and pass.
  const retryable = cause.code === 'EMFILE' || cause.code === 'ENFILE';
  return new Failure('output', `${path} cannot be saved: ${reason}`, { retryable, cause });
}

import type { Batches } from '../flow/reader.ts';
import type { Checkpoint } from '../output/checkpoint.ts';
import type { Job } from '../record/job.ts';
import type { OutputFile } from './output-file.ts';
import type { Workload } from './workload.ts';

type ResumeOptions<Payload> = {
  output: Pick<OutputFile, 'checkpoint' | 'mode'> | null;
  signatureOf: Workload<Payload>['signatureOf'];
};

/** The jobs that are still to be done. The others have their rows in the file. */
export function remaining<Payload>(
  jobs: Batches<Job<Payload>>,
  { output, signatureOf }: ResumeOptions<Payload>,
): Batches<Job<Payload>> {
  if (!output?.checkpoint) return jobs;
  return without(jobs, { checkpoint: output.checkpoint, mode: output.mode, signatureOf });
}

type Done<Payload> = Pick<OutputFile, 'mode'> & {
  checkpoint: Checkpoint;
  signatureOf: Workload<Payload>['signatureOf'];
};

async function* without<Payload>(jobs: Batches<Job<Payload>>, done: Done<Payload>): Batches<Job<Payload>> {
  for await (const batch of jobs) yield pick(batch, done);
}

function* pick<Payload>(batch: Iterable<Job<Payload>>, { checkpoint, mode, signatureOf }: Done<Payload>) {
  for (const job of batch) {
    const known = { id: job.id, key: job.key, signature: signatureOf(job) };
    if (checkpoint.take(known)) continue;
    if (mode === 'retry-failed' && !checkpoint.takeFailed(known)) continue;
    yield job;
  }
}

/** What people should know before a run goes on with an earlier one. */
export function resumeNote(path: string, { kept, failed, unknown, isTorn }: Checkpoint): string {
  const parts = [`${kept} done`, `${failed} failed, to be done again`];
  if (unknown > 0) parts.push(`${unknown} rows without id and key, to be done again`);
  if (isTorn) parts.push('a torn last line, dropped');
  return `sluice: going on with ${path}: ${parts.join('; ')}`;
}

/** What people should know after it, or null. */
export function changeNote(path: string, { changed }: Checkpoint): string | null {
  if (changed === 0) return null;
  return `sluice: warning: the configuration has changed: some rows of ${path} were made by other calls than now (use --overwrite to do all again)`;
}

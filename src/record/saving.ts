import type { Job } from './job.ts';
import type { FetchTask } from './request.ts';

/** A body that was written to a file. */
export type SavedBody = {
  /** As rows show it: the folder as the user gave it, and the file's name in it. */
  readonly path: string;
  readonly bytes: number;
};

/**
 * Writes a body to the job's file as it comes, and resolves when the file has its name. Rejects with what `chunks`
 * throws, or with a Failure `output`; then nothing of it is left.
 */
export type SaveBody = (job: Job<FetchTask>, chunks: AsyncIterable<Uint8Array>) => Promise<SavedBody>;

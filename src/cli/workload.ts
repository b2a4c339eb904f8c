import type { Batches } from '../flow/reader.ts';
import type { Job } from '../record/job.ts';

/** The jobs of a run, before any is done. */
export type Workload<Payload> = {
  jobs: Batches<Job<Payload>>;
  /** The lane that a job's first call goes through. */
  laneOf: (job: Job<Payload>) => string;
  /** What of a job depends on the configuration, in short; the same as of its row in the output file. */
  signatureOf: (job: Job<Payload>) => string;
};

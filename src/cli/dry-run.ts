import * as Flags from '@oclif/core/flags';
import { createDryRow, type DryCall } from '../output/dry-row.ts';
import { plain } from '../output/terminal.ts';
import { createRowWriter } from '../output/writer.ts';
import type { Job } from '../record/job.ts';
import { endProcess } from './ending.ts';
import type { FlowSettings } from './flow-settings.ts';
import { createForecast } from './forecast.ts';
import { unusedNotes } from './lane-limits.ts';
import { lookAtOutput, type OutputOptions } from './output-file.ts';
import { remaining } from './resume.ts';
import type { Workload } from './workload.ts';

export const dryRunFlags = {
  'dry-run': Flags.boolean({
    helpGroup: 'ROW',
    summary:
      'Send nothing: a row for each line on stdout with what would be sent, credentials masked. -o FILE stays as it is.',
  }),
};

/** Jobs, and all that is needed to tell what would be sent for them. */
export type Rehearsal<Payload> = Workload<Payload> & {
  /** What would be sent for a job. */
  callOf: (payload: Payload) => DryCall;
  /** The user's own lanes are no hosts. */
  hasLanes: boolean;
  /** Values that no row may show. */
  secrets: readonly string[];
};

export type DryRunOptions<Payload> = Rehearsal<Payload> & {
  flow: FlowSettings;
  /** Where rows would go: what is done there already is left out, and nothing is written. */
  output: (OutputOptions & { path: string }) | null;
  isQuiet: boolean;
  stopInput: () => void;
};

/**
 * Renders every line and sends nothing. Not a run without calls: there is nothing to wait for but the reader of the
 * rows, so the jobs go straight to stdout, some hundred thousand a second.
 */
export async function runDry<Payload>(options: DryRunOptions<Payload>): Promise<void> {
  const { callOf, laneOf, flow, hasLanes, output } = options;
  const rowOf = createDryRow(options.secrets);
  const forecast = createForecast({ flow, lane: hasLanes ? 'lane' : 'host' });
  const earlier = output && (await lookAtOutput(output.path, output));
  let outputError: NodeJS.ErrnoException | null = null;
  let failures = 0;
  // See runSession: oclif's own listener throws.
  process.stdout.removeAllListeners('error').on('error', () => {});
  const writer = createRowWriter(process.stdout, (error) => {
    outputError = error;
  });

  async function write(batch: Iterable<Job<Payload>>): Promise<void> {
    for (const job of batch) {
      const { index, id, failure = null } = job;
      if (failure) failures += 1;
      if (failure) forecast.addFailed();
      else forecast.add(laneOf(job));
      const writing = writer.write(rowOf({ index, id, failure, ...callOf(job.payload) }));
      if (writing) await writing;
      if (outputError) return;
    }
  }

  try {
    for await (const batch of remaining(options.jobs, { output: earlier, signatureOf: options.signatureOf })) {
      await write(batch);
      if (outputError) break;
    }
  } finally {
    options.stopInput();
    await writer.end();
  }
  if (!outputError && !options.isQuiet) {
    const notes = [...forecast.lines(), ...(output ? [`${output.path} is as it was`] : [])];
    const lines = [...notes.map((note) => `sluice: ${note}`), ...unusedNotes(flow.unusedLimits())];
    process.stderr.write(lines.map((line) => `${plain(line)}\n`).join(''));
  }
  await endProcess({ code: codeOf(outputError, failures) }, outputError);
}

/** As after a run: rows that were lost beat all else, and a reader who leaves is content. */
function codeOf(outputError: NodeJS.ErrnoException | null, failures: number): 0 | 1 | 4 {
  if (outputError) return outputError.code === 'EPIPE' ? 0 : 4;
  return failures > 0 ? 1 : 0;
}

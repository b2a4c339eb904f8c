import type { Agent } from '../http/agent.ts';
import { createMask, type Mask } from '../record/secrets.ts';
import type { CommonSettings } from './common-settings.ts';
import { type DryRunOptions, runDry } from './dry-run.ts';
import { resumeHint } from './ending.ts';
import { type OutputOptions, openOutput } from './output-file.ts';
import { runSession, type SessionOptions } from './session.ts';
import type { Sources } from './sources.ts';

/** What a command makes of its lines: enough to tell what would be sent, and the way to send it. */
export type Work<Payload, Value, State> = Pick<
  DryRunOptions<Payload>,
  'jobs' | 'callOf' | 'laneOf' | 'hasLanes' | 'secrets' | 'signatureOf'
> & {
  /** What of a row in the output file depends on the configuration: the same as `signatureOf` of its job. */
  file: Pick<OutputOptions, 'signatureOf' | 'rowOf'>;
  /** Makes what is needed to call. Asked when nothing can be wrong with the usage any more, but for the output file. */
  open: (tools: { agent: Agent; mask: Mask | null }) => Promise<Calling<Payload, Value, State>>;
};

/** The parts of a session that are the command's own. */
export type Calling<Payload, Value, State> = Omit<
  SessionOptions<Payload, Value, State>,
  'jobs' | 'laneOf' | 'signatureOf' | 'flow' | 'talk' | 'output' | 'resumeHint' | 'stopInput' | 'close'
> & {
  /** Rows in input order, whatever the flags say. */
  isOrdered?: boolean;
  /** Lets go of what `open` has opened, beside the agent. */
  close?: () => void;
};

/** Does a command's work, or with --dry-run tells what it would be. */
export async function carryOut<Payload, Value, State>(
  command: { readonly id: string; readonly argv: readonly string[] },
  settings: CommonSettings & { sources: Sources },
  { file, open, ...work }: Work<Payload, Value, State>,
): Promise<void> {
  const { inputs, talk, outputTo, connection, maxConnections, sources } = settings;
  const outputOptions = outputTo && { ...outputTo, ...file, inputs };
  const stopInput = sources.stop;
  if (settings.isDryRun) {
    return runDry({ ...work, stopInput, flow: settings.flow, output: outputOptions, isQuiet: talk.isQuiet });
  }
  const { createAgent } = await import('../http/agent.ts');
  const { concurrency, connectTimeoutMs, timeoutMs } = settings.flow;
  const agent = createAgent({ concurrency, connectTimeoutMs, patienceMs: timeoutMs, maxConnections, ...connection });
  const mask = createMask(work.secrets);
  const { isOrdered = settings.flow.isOrdered, close, ...calling } = await open({ agent, mask });

  // Last, since it empties or rewrites the file: whatever can be wrong with the usage is known by now.
  const output = outputOptions && (await openOutput(outputOptions.path, outputOptions));
  const { id, argv } = command;
  await runSession({
    ...calling,
    jobs: work.jobs,
    laneOf: work.laneOf,
    signatureOf: work.signatureOf,
    stopInput,
    flow: { ...settings.flow, isOrdered },
    talk,
    output,
    resumeHint: resumeHint(id, { argv, hasFile: output !== null, readsStdin: inputs.includes('-'), mask }),
    close: async () => {
      close?.();
      await agent.destroy();
    },
  });
}

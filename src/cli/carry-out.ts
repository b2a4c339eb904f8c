import type { Agent } from '../http/agent.ts';
import type { RowReading } from '../output/checkpoint.ts';
import { createMask, type Mask } from '../record/secrets.ts';
import type { CommonSettings } from './common-settings.ts';
import { type Rehearsal, runDry } from './dry-run.ts';
import { resumeHint } from './ending.ts';
import { openOutput } from './output-file.ts';
import { type Calling, runSession } from './session.ts';
import type { Sources } from './sources.ts';

/** What a command makes of its lines: enough to tell what would be sent, and the way to send it. */
type Work<Payload, Value, State> = Rehearsal<Payload> & {
  /** Its `signatureOf` says the same of a row as the other of the row's job. */
  file: RowReading;
  /** Makes what is needed to call. Asked when nothing can be wrong with the usage any more, but for the output file. */
  open: (tools: { agent: Agent; mask: Mask | null }) => Promise<Opened<Payload, Value, State>>;
};

type Opened<Payload, Value, State> = Calling<Payload, Value, State> & {
  /** Rows in input order, whatever the flags say. */
  isOrdered?: boolean;
  /** Lets go of what `open` has opened, beside the agent. */
  close?: () => void;
};

/** Does a command's work, or with --dry-run tells what it would be. */
export async function carryOut<Payload, Value, State>(
  command: { readonly id: string; readonly argv: readonly string[]; readonly feedsBack: boolean },
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
  const { id, argv, feedsBack } = command;
  await runSession({
    ...calling,
    jobs: work.jobs,
    laneOf: work.laneOf,
    signatureOf: work.signatureOf,
    stopInput,
    flow: { ...settings.flow, isOrdered },
    talk,
    output,
    resumeHint: resumeHint(id, {
      argv,
      hasFile: output !== null,
      feedsBack,
      readsStdin: inputs.includes('-'),
      mask,
    }),
    close: async () => {
      close?.();
      await agent.destroy();
    },
  });
}

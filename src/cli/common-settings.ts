import { type ConnectionFlags, connectionSettings } from './connection-flags.ts';
import { withinDescriptors } from './descriptors.ts';
import { type FlowFlags, type FlowSettings, flowSettings } from './flow-settings.ts';
import type { OutputMode } from './output-file.ts';
import { type OutputFlags, outputSettings } from './output-flags.ts';
import { type ShapeFlags, type ShapeSettings, shapeSettings } from './shape-flags.ts';
import { openSources, type Sources } from './sources.ts';
import { type TalkFlags, type TalkSettings, talkSettings } from './talk-flags.ts';
import { createTemplates, type Templates } from './templates.ts';

export type CommonFlags = FlowFlags &
  ConnectionFlags &
  ShapeFlags &
  OutputFlags &
  TalkFlags & {
    input?: string[] | undefined;
    format: Parameters<typeof openSources>[1]['format'];
    'max-line': number;
    var?: string[] | undefined;
    'dry-run': boolean;
  };

/** What every command that calls something takes from its flags in the same way. */
export type CommonSettings = {
  /** The input files, `-` for stdin. */
  inputs: readonly string[];
  /** For the lines of those files. */
  maxLineBytes: number;
  flow: FlowSettings;
  /** Open connections that this machine has room for. */
  maxConnections: number;
  connection: Awaited<ReturnType<typeof connectionSettings>>;
  templates: Templates;
  shaping: ShapeSettings | null;
  /** The file that rows go to, or null for stdout. */
  outputTo: { path: string; mode: OutputMode } | null;
  talk: TalkSettings;
  isDryRun: boolean;
  /** Opens the input. Last of all: it may wait for a header. */
  openSources: () => Promise<Sources>;
};

/** `given` are the lines of the command line itself, and stdin is not read where there are any. */
export async function commonSettings(
  flags: CommonFlags,
  { given, isLive = () => false }: { given: readonly string[]; isLive?: (outcome: Outlook) => boolean },
): Promise<CommonSettings> {
  const inputs = flags.input ?? (given.length > 0 ? [] : ['-']);
  const maxLineBytes = flags['max-line'];
  const shaping = await shapeSettings(flags);
  const outputTo = outputSettings(flags);
  // What is shown live on a terminal leaves no room for talk there.
  const isTerminal =
    (process.stderr.isTTY ?? false) && !isLive({ isShaped: shaping !== null, hasFile: outputTo !== null });
  const talk = talkSettings(flags, { isTerminal, env: process.env });
  const { flow, maxConnections } = withinDescriptors(flowSettings(flags), talk);
  const connection = await connectionSettings(flags, process.env);
  const templates = createTemplates(flags, process.env);
  return {
    inputs,
    maxLineBytes,
    flow,
    maxConnections,
    connection,
    templates,
    shaping,
    outputTo,
    talk,
    isDryRun: flags['dry-run'],
    openSources: () => openSources(inputs, { format: flags.format, maxLineBytes, fields: templates.fields }),
  };
}

/** What becomes of rows, as far as it is known when nothing is read yet. */
export type Outlook = { isShaped: boolean; hasFile: boolean };

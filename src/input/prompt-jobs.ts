import { hash } from 'node:crypto';
import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import type { PromptTask } from '../record/prompt.ts';
import { type Entry, entryJson, placed, readEntries } from './entries.ts';
import { keyOfLine } from './key.ts';
import { checkId, checkLane, longestId } from './labels.ts';
import { createMessages, type PromptDefaults, type Said } from './messages.ts';
import { idOf } from './records.ts';
import type { Source } from './source.ts';
import { isFailedRow } from './upstream.ts';

export type PromptJobsOptions = {
  /** Prompts from the command line: they come first. */
  prompts: readonly string[];
  sources: readonly Source[];
  defaults: PromptDefaults;
  maxLineBytes: number;
  /** Keep each line for `--include input`. */
  keepsInput: boolean;
  /** Give jobs without an id a key, so that a later run knows them again. */
  keysJobs: boolean;
  /** Throws a Failure for what cannot be sent: its job has failed before its turn, and takes no slot and no tokens. */
  check: (task: PromptTask) => unknown;
};

/** The jobs of all inputs, in order, a batch for each chunk of bytes, made as they are asked for. A bad line is a job with a failure. */
export async function* promptJobs(options: PromptJobsOptions): AsyncGenerator<Iterable<Job<PromptTask>>> {
  const messagesOf = createMessages(options.defaults);
  const entries = readEntries({
    ...options,
    words: options.prompts,
    // A heading of Markdown is a prompt like any other.
    hasComments: false,
    guessHint: 'for prompts that begin with { use --format lines',
  });
  function* jobsOf(batch: Iterable<Entry>): Generator<Job<PromptTask>> {
    for (const entry of batch) yield jobOf(entry, options, messagesOf);
  }
  for await (const batch of entries) yield jobsOf(batch);
}

function jobOf(
  entry: Entry,
  { keepsInput, keysJobs, defaults, check }: PromptJobsOptions,
  messagesOf: ReturnType<typeof createMessages>,
): Job<PromptTask> {
  const { index, text, record } = entry;
  const input = keepsInput ? entryJson(entry) : null;
  let id: string | null = null;
  try {
    if (entry.failure) throw entry.failure;
    const scope = { index, line: text, record };
    const own = record && idOf(record);
    const template = record && isFailedRow(record) ? null : defaults.id;
    if (own !== null && own.length <= longestId) id = entry.kind === 'table row' ? own || null : own;
    else if (own !== null && !template) checkId(own);
    if (template) id = checkId(template.render(scope));
    const said = messagesOf(scope);
    const lane = defaults.lane ? checkLane(defaults.lane.render(scope)) : null;
    const key = keysJobs && !id ? { key: keyOf(said) } : {};
    const payload = { ...said, lane, input };
    check(payload);
    return { index, id, ...key, payload };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const key = keysJobs && !id ? { key: keyOfLine(text) } : {};
    return {
      index,
      id,
      ...key,
      payload: { messages: null, lane: null, input },
      failure: placed(failure, entry),
    };
  }
}

/** What a job without an id is known by in a later run: what is said. Prompts that are the same to the letter share it. */
function keyOf({ messages, tools }: Said): string {
  return hash('sha256', JSON.stringify(tools ? [messages, tools] : messages), 'base64url').slice(0, 22);
}

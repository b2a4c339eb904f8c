import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import { compactJson } from '../record/json.ts';
import type { Message, PromptTask } from '../record/prompt.ts';
import type { Source } from './fetch-jobs.ts';
import { type Line, readLines } from './lines.ts';
import { createMessages, type PromptDefaults } from './messages.ts';
import { type InputRecord, idOf, parseRecord } from './records.ts';

export type PromptJobsOptions = {
  /** Prompts from the command line: they come first. */
  prompts: readonly string[];
  sources: readonly Source[];
  defaults: PromptDefaults;
  maxLineBytes: number;
  /** Keep each line for `--include input`. */
  keepsInput: boolean;
};

/** The jobs of all inputs, in order, a batch for each chunk of bytes, made as they are asked for. A bad line is a job with a failure. */
export async function* promptJobs(options: PromptJobsOptions): AsyncGenerator<Iterable<Job<PromptTask>>> {
  const messagesOf = createMessages(options.defaults);
  const { keepsInput } = options;
  let index = 0;

  function* fromArguments(): Generator<Job<PromptTask>> {
    for (const text of options.prompts) {
      const place = () => 'argument';
      yield jobOf(
        { index: index++, text, fault: null, isRecord: false, isGuess: false, place, keepsInput },
        messagesOf,
      );
    }
  }

  function* fromLines(lines: readonly Line[], { name, format }: Source): Generator<Job<PromptTask>> {
    for (const { text, fault, number } of lines) {
      // A heading of Markdown is a prompt like any other: no comments here.
      if (fault === null && text.trim() === '') continue;
      const isGuess = format === 'auto';
      const isRecord = format === 'ndjson' || (isGuess && text.trimStart().startsWith('{'));
      const place = () => `${name}:${number}`;
      yield jobOf({ index: index++, text, fault, isRecord, isGuess, place, keepsInput }, messagesOf);
    }
  }

  yield fromArguments();
  for (const source of options.sources) {
    for await (const lines of readLines(source.chunks, options)) yield fromLines(lines, source);
  }
}

type Origin = {
  index: number;
  text: string;
  fault: string | null;
  isRecord: boolean;
  /** It was taken for a record, or not, by its looks alone. */
  isGuess: boolean;
  /** Where the line stands, for messages. */
  place: () => string;
  keepsInput: boolean;
};

function jobOf(origin: Origin, messagesOf: ReturnType<typeof createMessages>): Job<PromptTask> {
  const { index, text, fault, isRecord, keepsInput } = origin;
  const input = keepsInput ? inputText(text, isRecord) : null;
  let id: string | null = null;
  try {
    if (fault !== null) throw new Failure('input', fault);
    const record = isRecord ? recordOf(text, origin) : null;
    if (record) id = idOf(record);
    const messages: readonly Message[] = messagesOf({ index, line: text, record });
    return { index, id, payload: { messages, input } };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const { code, message, cause } = failure;
    const placed = new Failure(code, `${origin.place()}: ${message}`, { cause });
    return { index, id, payload: { messages: null, input }, failure: placed };
  }
}

function recordOf(text: string, { isGuess }: Origin): InputRecord {
  try {
    return parseRecord(text);
  } catch (failure) {
    if (!isGuess || !(failure instanceof Failure)) throw failure;
    const { code, message, cause } = failure;
    throw new Failure(code, `${message} (for prompts that begin with { use --format lines)`, { cause });
  }
}

/** The line as JSON: a record as it is written, anything else as a string. */
function inputText(text: string, isRecord: boolean): string {
  return (isRecord ? compactJson(text) : null) ?? JSON.stringify(text);
}

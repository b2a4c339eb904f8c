import { hash } from 'node:crypto';
import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import { compactJson } from '../record/json.ts';
import type { Message, PromptTask } from '../record/prompt.ts';
import type { Source } from './fetch-jobs.ts';
import { keyOfLine } from './key.ts';
import { type Line, readLines } from './lines.ts';
import { createMessages, type PromptDefaults } from './messages.ts';
import { type InputRecord, idOf, parseRecord } from './records.ts';
import type { Template } from './template.ts';

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
};

/** The jobs of all inputs, in order, a batch for each chunk of bytes, made as they are asked for. A bad line is a job with a failure. */
export async function* promptJobs(options: PromptJobsOptions): AsyncGenerator<Iterable<Job<PromptTask>>> {
  const messagesOf = createMessages(options.defaults);
  const { keepsInput, keysJobs } = options;
  const { lane } = options.defaults;
  let index = 0;

  function* fromArguments(): Generator<Job<PromptTask>> {
    for (const text of options.prompts) {
      const place = () => 'argument';
      yield jobOf(
        { index: index++, text, fault: null, isRecord: false, isGuess: false, place, keepsInput, keysJobs, lane },
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
      yield jobOf({ index: index++, text, fault, isRecord, isGuess, place, keepsInput, keysJobs, lane }, messagesOf);
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
  keysJobs: boolean;
  lane: Template | null;
};

function jobOf(origin: Origin, messagesOf: ReturnType<typeof createMessages>): Job<PromptTask> {
  const { index, text, fault, isRecord, keepsInput } = origin;
  const input = keepsInput ? inputText(text, isRecord) : null;
  let id: string | null = null;
  try {
    if (fault !== null) throw new Failure('input', fault);
    const record = isRecord ? recordOf(text, origin) : null;
    if (record) id = idOf(record);
    const scope = { index, line: text, record };
    const messages = messagesOf(scope);
    const lane = origin.lane?.render(scope) ?? null;
    const key = origin.keysJobs && id === null ? { key: keyOf(messages) } : {};
    return { index, id, ...key, payload: { messages, lane, input } };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const { code, message, cause } = failure;
    const placed = new Failure(code, `${origin.place()}: ${message}`, { cause });
    const key = origin.keysJobs && id === null ? { key: keyOfLine(text) } : {};
    return { index, id, ...key, payload: { messages: null, lane: null, input }, failure: placed };
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

/** What a job without an id is known by in a later run: what is said. Prompts that are the same to the letter share it. */
function keyOf(messages: readonly Message[]): string {
  return hash('sha256', JSON.stringify(messages), 'base64url').slice(0, 22);
}

import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import { compactJson } from '../record/json.ts';
import type { FetchTask, HttpRequest } from '../record/request.ts';
import { urlWithoutCredentials, withoutCredentials } from '../record/request.ts';
import { keyOf, keyOfLine } from './key.ts';
import { type Line, readLines } from './lines.ts';
import { type InputRecord, idOf, isResultRow, parseRecord, textOf } from './records.ts';
import { createRequests, type RequestDefaults, secretsOfRecord } from './requests.ts';
import type { Template } from './template.ts';

export const inputFormats = ['auto', 'lines', 'ndjson'] as const;
export type InputFormat = (typeof inputFormats)[number];

/** One place that lines come from. */
export type Source = {
  /** For messages: a file's name, or `stdin`. */
  readonly name: string;
  readonly format: InputFormat;
  readonly chunks: AsyncIterable<Uint8Array>;
};

export type FetchJobsOptions = {
  /** URLs from the command line: they come first. */
  urls: readonly string[];
  sources: readonly Source[];
  defaults: RequestDefaults;
  maxLineBytes: number;
  /** Keep each line for `--include input`. */
  keepsInput: boolean;
  /** Give jobs without an id a key, so that a later run knows them again. */
  keysJobs: boolean;
  /** What names the lane of a job; null is its host. */
  lane: Template | null;
  /** What names the file of a job's body; null leaves that to who saves it. */
  fileName?: Template | null;
};

/** The jobs of all inputs, in order, a batch for each chunk of bytes, made as they are asked for. A bad line is a job with a failure. */
export async function* fetchJobs(options: FetchJobsOptions): AsyncGenerator<Iterable<Job<FetchTask>>> {
  const requests = createRequests(options.defaults);
  const { keepsInput, keysJobs, lane, fileName = null } = options;
  let index = 0;

  function* fromArguments(): Generator<Job<FetchTask>> {
    for (const url of options.urls) {
      const place = () => 'argument';
      yield jobOf(
        { index: index++, text: url, fault: null, isRecord: false, place, keepsInput, keysJobs, lane, fileName },
        requests,
      );
    }
  }

  function* fromLines(lines: readonly Line[], { name, format }: Source): Generator<Job<FetchTask>> {
    for (const line of lines) {
      const text = line.text.trim();
      const { fault } = line;
      const isRecord = format === 'ndjson' || (format === 'auto' && text.startsWith('{'));
      if (fault === null && (text === '' || (!isRecord && text.startsWith('#')))) continue;
      const place = () => `${name}:${line.number}`;
      yield jobOf({ index: index++, text, fault, isRecord, place, keepsInput, keysJobs, lane, fileName }, requests);
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
  /** Where the line stands, for messages. */
  place: () => string;
  keepsInput: boolean;
  keysJobs: boolean;
  lane: Template | null;
  fileName: Template | null;
};

/** What is known of a line, for its row, however far it gets. */
type Known = {
  id: string | null;
  url: string | null;
  method: string;
  secrets: readonly string[];
  record: InputRecord | null;
};

function jobOf(origin: Origin, requests: ReturnType<typeof createRequests>): Job<FetchTask> {
  const { index, text, fault, isRecord, keepsInput } = origin;
  const known: Known = {
    id: null,
    url: isRecord ? null : text,
    method: 'GET',
    secrets: isRecord ? [] : requests.secretsOf(text),
    record: null,
  };
  const input = keepsInput ? inputText(text, isRecord) : null;
  try {
    if (fault !== null) throw new Failure('input', fault);
    const request = isRecord ? requestOf(parseRecord(text), known, requests) : requests.fromUrl(text);
    const { url, method } = request;
    const key = origin.keysJobs && known.id === null ? { key: keyOf(request, known.record) } : {};
    const scope = { index, line: text, record: known.record };
    const lane = origin.lane?.render(scope) ?? null;
    const fileName = origin.fileName?.render(scope) ?? null;
    const payload = { url, method, request, lane, fileName, input, secrets: known.secrets };
    return { index, id: known.id, ...key, payload };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const { code, message, cause } = failure;
    const url = known.url === null ? null : urlWithoutCredentials(known.url).slice(0, longestShown);
    const key = origin.keysJobs && known.id === null ? { key: keyOfLine(text) } : {};
    return {
      index,
      id: known.id,
      ...key,
      payload: { url, method: known.method, request: null, lane: null, fileName: null, input, secrets: known.secrets },
      failure: new Failure(code, `${origin.place()}: ${message}`, { cause }),
    };
  }
}

/** A line that is no URL is shown in its row, but not all of it. */
const longestShown = 2000;

function requestOf(record: InputRecord, known: Known, requests: ReturnType<typeof createRequests>): HttpRequest {
  known.record = record;
  known.secrets = secretsOfRecord(record);
  known.id = idOf(record);
  known.url = textOf(record, 'url');
  known.method = textOf(record, 'method') ?? 'GET';
  if (known.url !== null) known.secrets = [...known.secrets, ...requests.secretsOf(known.url)];
  return isResultRow(record) ? requests.fromRow(record) : requests.fromRecord(record);
}

/** The line as JSON: a record as it is written, anything else as a string. */
function inputText(text: string, isRecord: boolean): string {
  if (!isRecord) return JSON.stringify(urlWithoutCredentials(text));
  return withoutCredentials(compactJson(text) === null ? JSON.stringify(text) : text);
}

import { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';
import type { FetchTask, HttpRequest } from '../record/request.ts';
import { urlWithoutCredentials, withoutCredentials } from '../record/request.ts';
import { type Entry, entryJson, placed, readEntries } from './entries.ts';
import { type Counter, countedKey, idempotencyKeyOf, withIdempotencyKey } from './idempotency.ts';
import { keyOf, keyOfLine, twinOf } from './key.ts';
import { checkId, checkLane, longestId } from './labels.ts';
import { idOf, isResultRow, textOf, withoutEmpty } from './records.ts';
import type { RequestDefaults } from './request-defaults.ts';
import { createRequests, type Requests, secretsOfRecord } from './requests.ts';
import type { Source } from './source.ts';
import type { Template, TemplateScope } from './template.ts';
import { checkUpstream } from './upstream.ts';

/** Templates of what a job is called, and of what it belongs to. */
export type LabelTemplates = {
  /** Its id; null is the record's own. */
  readonly id: Template | null;
  /** Its lane; null is its host. */
  readonly lane: Template | null;
  /** The name of the file of its body; null leaves that to who saves it. */
  readonly fileName?: Template | null;
};

export type FetchJobsOptions = {
  /** URLs from the command line: they come first. */
  urls: readonly string[];
  sources: readonly Source[];
  defaults: RequestDefaults;
  labels: LabelTemplates;
  maxLineBytes: number;
  /** Keep each line for `--include input`. */
  keepsInput: boolean;
  /** Give jobs without an id a key, so that a later run knows them again. */
  keysJobs: boolean;
  /** Gives requests an Idempotency-Key; null for none. */
  idempotency: Counter | null;
  /** Tell jobs whose requests are the same to the letter. */
  findsTwins: boolean;
  /** What may have been meant by an argument that is no URL, or null. */
  hintFor?: (word: string) => string | null;
};

/** The jobs of all inputs, in order, a batch for each chunk of bytes, made as they are asked for. A bad line is a job with a failure. */
export async function* fetchJobs(options: FetchJobsOptions): AsyncGenerator<Iterable<Job<FetchTask>>> {
  const requests = createRequests(options.defaults);
  // Where a template makes the URLs, a line is no URL, and one that begins with # no comment.
  const entries = readEntries({ ...options, words: options.urls, hasComments: !requests.hasUrl });
  function* jobsOf(batch: Iterable<Entry>): Generator<Job<FetchTask>> {
    for (const entry of batch) yield jobOf(entry, options, requests);
  }
  for await (const batch of entries) yield jobsOf(batch);
}

/** What is known of an entry, for its row, however far it gets. */
type Known = { id: string | null; url: string | null; method: string; secrets: readonly string[] };

function jobOf(entry: Entry, options: FetchJobsOptions, requests: Requests): Job<FetchTask> {
  const { index, record } = entry;
  const text = entry.kind === 'line' ? entry.text.trim() : entry.text;
  const known: Known = { id: null, url: null, method: requests.method, secrets: [] };
  const input = options.keepsInput ? withoutSecrets(entry) : null;
  const scope = { index, line: text, record };
  try {
    if (entry.failure) throw entry.failure;
    const made = requestOf(entry, { scope, known, labels: options.labels, requests });
    const { url, method } = made;
    const { keysJobs, idempotency, findsTwins } = options;
    const callKey = keysJobs || idempotency ? keyOf(made, requests.ownHeaders(made, record)) : '';
    // An empty id is shown, but tells no job from another.
    const jobKey = idempotency && !known.id ? countedKey(callKey, idempotency) : callKey;
    const request = idempotency ? withIdempotencyKey(made, idempotencyKeyOf(known.id, jobKey)) : made;
    const lane = options.labels.lane ? checkLane(options.labels.lane.render(scope)) : null;
    const fileName = options.labels.fileName?.render(scope) ?? null;
    const task: FetchTask = { url, method, request, lane, fileName, input, secrets: known.secrets };
    const payload = findsTwins ? { ...task, twin: twinOf(made) } : task;
    const job: Job<FetchTask> = { index, id: known.id, payload };
    return keysJobs && !known.id ? { ...job, key: jobKey } : job;
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const url = known.url === null ? null : urlWithoutCredentials(known.url).slice(0, longestShown);
    const key = options.keysJobs && !known.id ? { key: keyOfLine(text) } : {};
    return {
      index,
      id: known.id,
      ...key,
      payload: { url, method: known.method, request: null, lane: null, fileName: null, input, secrets: known.secrets },
      failure: placed(hinted(failure, entry, options), entry),
    };
  }
}

/** A line that is no URL is shown in its row, but not all of it. */
const longestShown = 2000;

type Making = { scope: TemplateScope; known: Known; labels: LabelTemplates; requests: Requests };

function requestOf(entry: Entry, making: Making): HttpRequest {
  const { scope, known, labels, requests } = making;
  const { kind } = entry;
  const record = entry.record && kind === 'table row' && !requests.hasUrl ? withoutEmpty(entry.record) : entry.record;
  if (record === null) {
    if (!requests.hasUrl) knowUrl(scope.line, making);
  } else {
    const own = idOf(record);
    if (own !== null && own.length <= longestId) known.id = kind === 'table row' ? own || null : own;
    else if (own !== null && !labels.id) checkId(own);
    if (requests.hasUrl) checkUpstream(record);
    else {
      known.secrets = secretsOfRecord(record);
      known.method = textOf(record, 'method') ?? known.method;
      const url = textOf(record, 'url');
      if (url !== null) knowUrl(url, making);
    }
  }
  if (labels.id) known.id = checkId(labels.id.render(scope));
  if (requests.hasUrl) knowUrl(requests.urlOf(scope), making);
  const request = makeRequest(record, making);
  hide(requests.secretsIn(request), known);
  return request;
}

function knowUrl(url: string, { known, requests }: Making): void {
  known.url = url;
  hide(requests.secretsOf(url), known);
}

function hide(secrets: readonly string[], known: Known): void {
  if (secrets.length > 0) known.secrets = [...known.secrets, ...secrets];
}

function makeRequest(record: Entry['record'], { scope, known, requests }: Making): HttpRequest {
  if (requests.hasUrl || record === null) return requests.fromUrl(known.url ?? scope.line, scope);
  return isResultRow(record) ? requests.fromRow(record, scope) : requests.fromRecord(record, scope);
}

/** The line as JSON, without the credentials of URLs. */
function withoutSecrets(entry: Entry): string {
  if (entry.kind === 'line') return JSON.stringify(urlWithoutCredentials(entry.text.trim()));
  return withoutCredentials(entryJson(entry));
}

/** What was most likely meant by a line that is none: the file of that name, or the list that a JSON file holds. */
function hinted(failure: Failure, { kind, text }: Entry, { hintFor, urls }: FetchJobsOptions): Failure {
  if (kind !== 'line' || failure.code !== 'input') return failure;
  const isList = /^\s*\[\s*(?:[{"\]]|$)/.test(text);
  const hint = isList ? "of a JSON list, jq -c '.[]' makes records" : urls.includes(text) ? hintFor?.(text) : null;
  return hint ? failure.with({ message: `${failure.message} (${hint})` }) : failure;
}

import { STATUS_CODES } from 'node:http';
import { Failure } from '../record/failure.ts';
import type { CallContext, Cancellation, Job, Outcome } from '../record/job.ts';
import {
  type Body,
  type FetchTask,
  type HttpAnswer,
  type HttpHeaders,
  type HttpRequest,
  isIdempotent,
} from '../record/request.ts';
import type { SaveBody } from '../record/saving.ts';
import type { Agent } from './agent.ts';
import { type BodyMode, shapeBody } from './body.ts';
import { encodingToSave, isEncoded } from './content-encoding.ts';
import { decode } from './decode.ts';
import { isTurnedAway } from './errors.ts';
import { exchange } from './exchange.ts';
import type { Exchange, ExchangeOptions, IntakeOf } from './exchange-options.ts';
import { BodyIntake } from './intake.ts';
import { locationOf, redirected } from './redirect.ts';
import { retryAfterMs } from './retry-after.ts';
import { encodingOf, mayHaveBody } from './transfer.ts';

export type CallOptions = {
  agent: Agent;
  idleTimeoutMs: number;
  maxBodyBytes: number;
  maxRedirects: number;
  bodyMode: BodyMode;
  /** False leaves the content-encoding on: bodies stay as they were sent. Default: true. */
  decodes?: boolean;
  /** Takes the bodies that count as ok, up to so many bytes; null keeps them in memory. */
  saving?: { readonly save: SaveBody; readonly maxBytes: number } | null;
  /** Statuses that count as ok. */
  isOk: (status: number) => boolean;
  /** What is worth another attempt; null is the usual: failures that pass, and the statuses that say so. */
  retryOn: ((failure: Failure, status: number | null) => boolean) | null;
  /** Repeat requests that may have acted already. */
  retriesUnsafe: boolean;
};

/** What one hop hands to the next. */
export type Hop = {
  readonly request: HttpRequest;
  readonly hops: number;
  /** An earlier hop may have acted: repeating the chain would repeat that. */
  readonly isUnsafe: boolean;
};

/** A server may leave this many connections before one has room for a request; undici tries each time twice. */
const maxLeavings = 20;

/** Statuses that may be different next time. */
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 522, 524]);

/** A call of one URL: one exchange, and what it means for the job. */
export function createCall(options: CallOptions) {
  const { agent, idleTimeoutMs, maxBodyBytes } = options;
  return (job: Job<FetchTask>, { state, scope }: CallContext<Hop>): Promise<Outcome<HttpAnswer, Hop>> => {
    const { request, lane } = job.payload;
    if (!request) return Promise.reject(new Error('a job without a request was started'));
    const hop = state ?? { request, hops: 0, isUnsafe: false };
    const intakeOf = options.saving ? savingOf(job, hop, options) : null;
    const sending = { agent, scope, idleTimeoutMs, maxBodyBytes, intakeOf };
    const conclude = (done: Exchange) => outcomeOf({ done, hop, options, scope }, lane);
    return exchange(hop.request, sending).then((first) =>
      first.failure ? sentAgain(first, hop.request, sending).then(conclude) : conclude(first),
    );
  };
}

/** The exchange that counts where one has failed: itself, or those in its place, in the same slot, if the server cannot have acted on it. */
async function sentAgain(failed: Exchange, request: HttpRequest, sending: ExchangeOptions): Promise<Exchange> {
  const { scope } = sending;
  let done = failed;
  // Lost in a keep-alive race: what is idempotent, or had not left.
  const isHarmless = isIdempotent(request.method) || done.failure?.phase === 'connect';
  if (done.isKeepAliveRace && !scope.reason && isHarmless) done = await exchange(request, sending);
  // Not taken any more by a server that left: whatever its method.
  for (let leavings = 0; leavings < maxLeavings && !scope.reason && isTurnedAway(done.failure); leavings += 1)
    done = await exchange(request, sending);
  return done;
}

/** What an exchange means. A promise only where the body has to be decoded. */
function outcomeOf(seen: Seen, lane: string | null): Outcome<HttpAnswer, Hop> | Promise<Outcome<HttpAnswer, Hop>> {
  const { done, options } = seen;
  if (done.failure) return failed(done.failure, seen);
  if (done.saved) {
    const { path, bytes } = done.saved;
    return { kind: 'done', value: answerOf(seen, { kind: 'file', path }, bytes), failure: null };
  }
  const location = locationOf(done.status ?? 0, done.headers.location);
  if (location !== null && options.maxRedirects > 0) return follow(location, lane, seen);
  const encoding = encodingToUndo(done.headers, options);
  if (encoding === undefined) return answered(done.body, seen);
  return decode(done.body, encoding, options.maxBodyBytes).then(
    (bytes) => answered(bytes, seen),
    (error) => unreadable(error, seen),
  );
}

/** Which answers are saved: those that make the row ok, if they can have a body. */
function savingOf(job: Job<FetchTask>, hop: Hop, options: CallOptions): IntakeOf {
  const { isOk, maxRedirects, saving } = options;
  const { request } = hop;
  return (status, headers, controller) => {
    const isFollowed = maxRedirects > 0 && locationOf(status, headers.location) !== null;
    if (!saving || !isOk(status) || isFollowed || !mayHaveBody(request.method, status)) return null;
    const contentEncoding = encodingOf(headers, contentEncodingToSave(job, hop, { headers, options }));
    const save = (chunks: AsyncIterable<Uint8Array>) => saving.save(job, chunks);
    return new BodyIntake({ contentEncoding, maxBytes: saving.maxBytes, save, controller });
  };
}

/** What is undone of a body before a row shows it; what was put on for the transfer alone always is. */
function encodingToUndo(headers: HttpHeaders, { decodes = true }: CallOptions): string | undefined {
  return decodes ? encodingOf(headers) : encodingOf(headers, '');
}

function contentEncodingToSave(
  { payload }: Job<FetchTask>,
  { request }: Hop,
  { headers, options: { decodes = true } }: { headers: HttpHeaders; options: CallOptions },
): string {
  const encoding = headers['content-encoding']?.toString() ?? '';
  if (!decodes || encoding === '') return '';
  const names = { given: payload.fileName, urls: [request.origin + request.path, payload.url ?? ''] };
  return encodingToSave(encoding, String(headers['content-type'] ?? ''), names);
}

type Seen = { done: Exchange; hop: Hop; options: CallOptions; scope: Cancellation };

function answered(bytes: Buffer, seen: Seen): Outcome<HttpAnswer, Hop> {
  const { done, hop, options } = seen;
  const status = done.status ?? 0;
  try {
    const body = shapeBody(bytes, String(done.headers['content-type'] ?? ''), modeFor(done.headers, options));
    const value = answerOf(seen, body, bytes.length);
    if (options.isOk(status)) return { kind: 'done', value, failure: null };
    return failed(statusFailure(status, hop), seen, value);
  } catch (error) {
    return unreadable(error, seen);
  }
}

/** A body whose encoding is still on is not of the type that its header names. */
function modeFor(headers: HttpHeaders, { bodyMode, decodes = true }: CallOptions): BodyMode {
  const isStillEncoded = !decodes && isEncoded(headers['content-encoding']?.toString());
  return isStillEncoded && bodyMode === 'auto' ? 'base64' : bodyMode;
}

function unreadable(error: unknown, seen: Seen): Outcome<HttpAnswer, Hop> {
  if (error instanceof Failure) return failed(error, seen);
  throw error;
}

function follow(location: string, lane: string | null, { done, hop, options }: Seen): Outcome<HttpAnswer, Hop> {
  const status = done.status ?? 0;
  const value = answerOf({ done, hop, options }, null, null);
  if (hop.hops >= options.maxRedirects) {
    const message = `more than ${options.maxRedirects} redirects (--max-redirects); the next would be ${location.slice(0, 200)}`;
    return { kind: 'done', value, failure: new Failure('redirect', message) };
  }
  try {
    const request = redirected(hop.request, status, location);
    const isUnsafe = hop.isUnsafe || (hasActed(status) && !isIdempotent(hop.request.method));
    return { kind: 'next', state: { request, hops: hop.hops + 1, isUnsafe }, lane: lane ?? request.host };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { kind: 'done', value, failure: error };
  }
}

/** 307 and 308 ask for the same request elsewhere: nothing has been done with it here. */
function hasActed(redirectStatus: number): boolean {
  return redirectStatus !== 307 && redirectStatus !== 308;
}

/** What a failure means: whether it is worth another attempt, and whether the lane must wait. */
function failed(failure: Failure, seen: Seen, value?: HttpAnswer): Outcome<HttpAnswer, Hop> {
  const { done, hop, options, scope } = seen;
  const kept = value ?? answerOf(seen, null, null);
  if (scope.reason && scope.reason.code !== 'timeout') return { kind: 'done', value: kept, failure: scope.reason };
  const isRefused = failure.code === 'rate_limited' || (failure.code === 'http' && done.status === 503);
  const isWanted = options.retryOn ? options.retryOn(failure, done.status) : failure.retryable;
  const retryable = isWanted && (mayRepeat(failure, hop, options) || (isRefused && !hop.isUnsafe));
  const final = failure.with({ retryable });
  if (!isRefused) return { kind: 'retry', value: kept, failure: final };
  return { kind: 'retry', value: kept, failure: final, hold: { ms: retryAfterMs(done.headers, Date.now()) } };
}

/** Nothing was acted on when no connection was made; else only an idempotent request may go out again. */
function mayRepeat(failure: Failure, hop: Hop, { retriesUnsafe }: CallOptions): boolean {
  if (retriesUnsafe) return true;
  if (hop.isUnsafe) return false;
  return failure.phase === 'connect' || isIdempotent(hop.request.method);
}

function statusFailure(status: number, hop: Hop): Failure {
  const code = status === 429 ? 'rate_limited' : 'http';
  const text = STATUS_CODES[status];
  const hint = status === 407 ? ': the proxy asks for other credentials than those in its URL (-x)' : '';
  const message = `${hop.request.host} answered ${status}${text ? ` ${text}` : ''}${hint}`;
  return new Failure(code, message, { phase: null, retryable: transientStatuses.has(status) });
}

function answerOf(seen: Pick<Seen, 'done' | 'hop' | 'options'>, body: Body | null, bytes: number | null): HttpAnswer {
  const { done, hop } = seen;
  const hasAnswer = done.status !== null;
  return {
    status: done.status,
    finalUrl: hasAnswer ? hop.request.origin + hop.request.path : null,
    headers: hasAnswer ? done.headers : null,
    body,
    bytes: bytes ?? (hasAnswer ? receivedBytes(seen) : null),
    connectMs: done.connectMs,
    ttfbMs: done.ttfbMs,
  };
}

/** Of a body that was not read to its end. How long it is without its encodings, nobody knows then. */
function receivedBytes({ done, options }: Pick<Seen, 'done' | 'options'>): number | null {
  return done.received > 0 && isEncoded(encodingToUndo(done.headers, options)) ? null : done.received;
}

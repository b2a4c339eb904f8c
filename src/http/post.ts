import type { Failure } from '../record/failure.ts';
import type { CallContext, Cost, Job, Outcome } from '../record/job.ts';
import type { ReadAnswer, Reading } from '../record/reply.ts';
import type { HttpHeaders, HttpRequest } from '../record/request.ts';
import type { Agent } from './agent.ts';
import { createStreamDecoder, type StreamDecoder } from './decode-stream.ts';
import { exchange } from './exchange.ts';
import type { Exchange, ExchangeSink } from './exchange-options.ts';
import { retryAfterMs } from './retry-after.ts';
import { encodingOf } from './transfer.ts';

/** Understands one answer as it comes. */
export type BodyReader<Content> = {
  /** Takes bytes of the body, content-encoding undone, cut anywhere. A promise makes the server wait. */
  push(bytes: Uint8Array): void | Promise<void>;
  /** What the whole came to; `cut` is what ended it early. `isFinal` says that there must be no other attempt. */
  end(cut: Failure | null): Reading<Content> & { readonly isFinal?: boolean };
};

export type PostOptions<Task, Content> = {
  agent: Agent;
  /** Longest silence between two bytes of the answer; how long its first byte takes is a matter of the timeout. */
  idleTimeoutMs: number;
  maxBodyBytes: number;
  /** The request that a job stands for; asked anew for each attempt. */
  requestOf: (task: Task) => HttpRequest;
  /** Who reads an answer that has begun. `sinceMs` is when its attempt began, by performance.now(). */
  open: (
    head: { readonly status: number; readonly headers: HttpHeaders },
    call: { readonly job: Job<Task>; readonly attempt: number; readonly sinceMs: number },
  ) => BodyReader<Content>;
  /** What an answer has cost. */
  costOf?: (job: Job<Task>, answer: ReadAnswer<Content>, reading: Reading<Content>) => Cost;
  /** What is worth another attempt; null is what the failure itself says. */
  retryOn: ((failure: Failure, status: number | null) => boolean) | null;
};

/**
 * A call whose answer is read by somebody else, as it comes: one exchange for each attempt, and no redirects, since what
 * is posted may be for this server alone. Everything may be sent again: those who cannot bear that must not use it.
 */
export function createPost<Task, Content>(options: PostOptions<Task, Content>) {
  return async (
    job: Job<Task>,
    { scope, attempt }: CallContext<never>,
  ): Promise<Outcome<ReadAnswer<Content>, never>> => {
    const sinceMs = performance.now();
    const body = new AnswerBody((head) => options.open(head, { job, attempt, sinceMs }), options.maxBodyBytes);
    // A keep-alive race is an attempt like any other: here the server may just as well have died of a long answer.
    const done = await exchange(options.requestOf(job.payload), { ...options, scope, sink: body });
    const reading = await body.end(done.failure);
    const value = answerOf(done, { content: reading.content, bytes: body.bytes });
    const { failure, isRefusal = false, isFinal = false, holdMs = null } = reading;
    const cost = options.costOf ? { cost: options.costOf(job, value, reading) } : {};
    if (failure === null) return { kind: 'done', value, failure, ...cost };
    if (scope.reason && scope.reason.code !== 'timeout') {
      return { kind: 'done', value, failure: scope.reason, ...cost };
    }
    const retryable = options.retryOn ? options.retryOn(failure, done.status) : failure.retryable;
    const final = failure.with({ retryable });
    if (isFinal) return { kind: 'done', value, failure: final, ...cost };
    if (!isRefusal) return { kind: 'retry', value, failure: final, ...cost };
    const ms = retryAfterMs(done.headers, Date.now()) ?? holdMs;
    return { kind: 'retry', value, failure: final, hold: { ms }, ...cost };
  };
}

type Head = Parameters<PostOptions<never, never>['open']>[0];

/** Leads the bytes of an answer through its encodings to its reader. */
class AnswerBody<Content> implements ExchangeSink {
  readonly isPatient = true;
  readonly #open: (head: Head) => BodyReader<Content>;
  readonly #maxBodyBytes: number;
  #reader: BodyReader<Content> | null = null;
  #decoder: StreamDecoder | null = null;
  /** The encoding is not what it says, or too much has come. */
  #failure: Failure | null = null;
  bytes = 0;

  constructor(open: (head: Head) => BodyReader<Content>, maxBodyBytes: number) {
    this.#open = open;
    this.#maxBodyBytes = maxBodyBytes;
  }

  head(status: number, headers: HttpHeaders): void {
    const reader = this.#open({ status, headers });
    this.#reader = reader;
    try {
      this.#decoder = createStreamDecoder({
        contentEncoding: encodingOf(headers),
        maxBodyBytes: this.#maxBodyBytes,
        deliver: (bytes) => {
          this.bytes += bytes.length;
          return reader.push(bytes);
        },
      });
    } catch (failure) {
      this.#failure = failure as Failure;
    }
  }

  data(chunk: Buffer): void | Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    try {
      return this.#decoder?.write(chunk);
    } catch (failure) {
      return Promise.reject(failure as Failure);
    }
  }

  async end(cut: Failure | null): Promise<ReturnType<BodyReader<Content>['end']>> {
    if (!this.#reader) return { content: null, failure: cut };
    // Whoever cancels is not kept waiting for bytes that are still being worked on.
    if (cut) this.#decoder?.destroy();
    else await this.#decoder?.end().catch((failure: Failure) => this.#fail(failure));
    return this.#reader.end(cut ?? this.#failure);
  }

  #fail(failure: Failure): void {
    this.#failure ??= failure;
  }
}

function answerOf<Content>(
  { status, headers, connectMs, ttfbMs }: Exchange,
  { content, bytes }: { content: Content | null; bytes: number },
): ReadAnswer<Content> {
  const hasAnswer = status !== null;
  return {
    status,
    headers: hasAnswer ? headers : null,
    bytes: hasAnswer ? bytes : null,
    connectMs,
    ttfbMs,
    content,
  };
}

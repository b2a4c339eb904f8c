import { Failure } from '../record/failure.ts';
import type { CallContext, Job, Outcome } from '../record/job.ts';
import type { ReadAnswer, Reading, Reply } from '../record/reply.ts';
import type { HttpRequest } from '../record/request.ts';
import type { Agent } from './agent.ts';
import { decode } from './decode.ts';
import { type Exchange, exchange } from './exchange.ts';
import { retryAfterMs } from './retry-after.ts';

export type PostOptions<Task, Content> = {
  agent: Agent;
  idleTimeoutMs: number;
  maxBodyBytes: number;
  /** The request that a job stands for; asked anew for each attempt. */
  requestOf: (task: Task) => HttpRequest;
  /** What an answer means. */
  read: (reply: Reply) => Reading<Content>;
  /** What is worth another attempt; null is what the failure itself says. */
  retryOn: ((failure: Failure, status: number | null) => boolean) | null;
};

/**
 * A call whose answer is read by somebody else: one exchange for each attempt, and no redirects, since what is posted
 * may be for this server alone. Everything may be sent again: those who cannot bear that must not use it.
 */
export function createPost<Task, Content>(options: PostOptions<Task, Content>) {
  return async (job: Job<Task>, { scope }: CallContext<never>): Promise<Outcome<ReadAnswer<Content>, never>> => {
    // A keep-alive race is an attempt like any other: here the server may just as well have died of a long answer.
    const done = await exchange(options.requestOf(job.payload), { ...options, scope });
    const reading = await readingOf(done, options);
    const value = answerOf(done, reading);
    const { failure, isRefusal = false, holdMs = null } = reading;
    if (failure === null) return { kind: 'done', value, failure };
    if (scope.reason && scope.reason.code !== 'timeout') return { kind: 'done', value, failure: scope.reason };
    const final = judged(failure, done.status, options);
    if (!isRefusal) return { kind: 'retry', value, failure: final };
    const ms = retryAfterMs(done.headers, Date.now()) ?? holdMs;
    return { kind: 'retry', value, failure: final, hold: { ms } };
  };
}

type Read<Content> = Reading<Content> & { readonly bytes: number | null };

async function readingOf<Content>(
  done: Exchange,
  { read, maxBodyBytes }: { read: (reply: Reply) => Reading<Content>; maxBodyBytes: number },
): Promise<Read<Content>> {
  const { status, headers, failure } = done;
  if (failure || status === null) return { content: null, failure, bytes: null };
  try {
    const encoding = headers['content-encoding'];
    const body = encoding === undefined ? done.body : await decode(done.body, String(encoding), maxBodyBytes);
    return { ...read({ status, headers, body }), bytes: body.length };
  } catch (error) {
    if (error instanceof Failure) return { content: null, failure: error, bytes: null };
    throw error;
  }
}

function judged(
  failure: Failure,
  status: number | null,
  { retryOn }: { retryOn: PostOptions<never, never>['retryOn'] },
): Failure {
  const retryable = retryOn ? retryOn(failure, status) : failure.retryable;
  if (retryable === failure.retryable) return failure;
  const { code, message, phase, cause } = failure;
  return new Failure(code, message, { phase, retryable, cause });
}

function answerOf<Content>(done: Exchange, { content, bytes }: Read<Content>): ReadAnswer<Content> {
  const hasAnswer = done.status !== null;
  return {
    status: done.status,
    headers: hasAnswer ? done.headers : null,
    bytes: bytes ?? (hasAnswer ? done.body.length : null),
    connectMs: done.connectMs,
    ttfbMs: done.ttfbMs,
    content,
  };
}

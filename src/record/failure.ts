/**
 * Every way a job can fail, in the same words in rows, in the summary, in `--retry-on` and in the documentation.
 * `cancelled` and `deadline` are the run's doing; all the others are the job's own.
 */
export const failureCodes = [
  'input', // the line is no job: not a URL, not JSON, a header that cannot be sent
  'template', // a field that the template names is missing
  'dns', // the name could not be resolved
  'connect', // no connection could be made
  'tls', // the secure connection could not be made, or must not be trusted
  'reset', // the connection broke before the answer was whole
  'protocol', // what came back is not HTTP
  'timeout', // one of the clocks ran out; `phase` says where
  'redirect', // a redirect that cannot or must not be followed
  'http', // a status that does not count as ok
  'rate_limited', // still refused with 429 after all waiting
  'too_large', // the body is larger than allowed
  'decode', // the body cannot be decompressed or read as what it claims to be
  'truncated', // the body ended too early
  'blocked', // an address that must not be called
  'circuit_open', // not called: its lane has failed too often
  'output', // the result could not be saved
  'query', // the query cannot be applied to the result
  'upstream', // the row given as input had failed already
  'cancelled', // the run was stopped first
  'deadline', // the run's time was over first
  'quota', // the account has nothing left: waiting does not help
  'refused', // the model declined to answer
  'schema', // the model's answer does not fit the schema
  'error', // an attempt threw something that is no Failure: the own error of the library's caller, or a bug of ours
] as const;

/** What went wrong, as one word. */
export type FailureCode = (typeof failureCodes)[number];

/** Whether a job failed by the run's doing, not its own. */
export function isRunsEnd(code: FailureCode): boolean {
  return code === 'cancelled' || code === 'deadline';
}

/** Where an attempt was when it failed. `total` is the time of several hops together. */
export type FailurePhase = 'connect' | 'headers' | 'body' | 'idle' | 'total';

export type FailureOptions = {
  /** Where the attempt was. */
  phase?: FailurePhase | null;
  /** Whether another attempt may help and may be made. Decided where the response is seen. Default false. */
  retryable?: boolean;
  /** What lies beneath: an error of the system or a library, or the failure before this one. */
  cause?: unknown;
};

/** The one error class. A failed job carries one as data; it is thrown only to get from where it is seen to its job. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly phase: FailurePhase | null;
  readonly retryable: boolean;

  /** `message` is for the person who reads the row: what happened, and what to do where that is known. */
  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    // Nobody reads where it was made, and a million bad lines would pay for it: looking up the stack is most of their cost.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.phase = options.phase ?? null;
    this.retryable = options.retryable ?? false;
  }

  /** The same failure, told otherwise in what is given here. */
  with(changes: FailureOptions & { message?: string }): Failure {
    const { code, message, phase, retryable, cause } = this;
    return new Failure(code, changes.message ?? message, { phase, retryable, cause, ...changes });
  }
}

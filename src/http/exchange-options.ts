import type { Dispatcher } from 'undici';
import type { Failure } from '../record/failure.ts';
import type { Cancellation } from '../record/job.ts';
import type { HttpHeaders } from '../record/request.ts';
import type { SavedBody } from '../record/saving.ts';
import type { Agent } from './agent.ts';
import type { BodyIntake } from './intake.ts';

export type ExchangeOptions = {
  agent: Agent;
  scope: Cancellation;
  /** Longest silence between two bytes once the request is sent, in milliseconds; 0 is no limit. */
  idleTimeoutMs: number;
  /** More bytes than this on the wire are a failure, `too_large`. */
  maxBodyBytes: number;
  /** Takes the answer as it comes; `Exchange.body` is then empty. */
  sink?: ExchangeSink;
  /** Where the body of such an answer goes; null is the memory. */
  intakeOf?: IntakeOf | null;
};

export type ExchangeSink = {
  /** Silence before the first byte of the body is no idleness: who answers may have to think first. */
  readonly isPatient?: boolean;
  head(status: number, headers: HttpHeaders): void;
  /** A promise makes the server wait: nothing more is read until it resolves. One that rejects with a Failure ends the exchange. */
  data(chunk: Buffer): void | Promise<void>;
};

export type IntakeOf = (
  status: number,
  headers: HttpHeaders,
  controller: Dispatcher.DispatchController,
) => BodyIntake | null;

/** What one request brought, complete or not. `failure` says what cut it short. */
export type Exchange = {
  readonly status: number | null;
  readonly headers: HttpHeaders;
  /** As on the wire, still encoded. */
  readonly body: Buffer;
  /** Bytes of the body that came, encoded as they are. */
  readonly received: number;
  /** Where the body is, if not in `body`. */
  readonly saved: SavedBody | null;
  readonly connectMs: number | null;
  readonly ttfbMs: number | null;
  readonly failure: Failure | null;
  /**
   * The server closed an idle connection just as we sent, or what came was left of an answer before: what is idempotent may
   * simply be sent again.
   */
  readonly isKeepAliveRace: boolean;
};

import type { Dispatcher } from 'undici';
import { Failure } from '../record/failure.ts';
import type { HttpHeaders, HttpRequest } from '../record/request.ts';
import type { SavedBody } from '../record/saving.ts';
import type { Lease } from './connections.ts';
import { asFailure, isKeepAliveRace } from './errors.ts';
import type { Exchange, ExchangeOptions, ExchangeSink } from './exchange-options.ts';
import { IdleClock } from './idle-clock.ts';
import type { BodyIntake } from './intake.ts';
import { tooLarge } from './too-large.ts';
import { mayHaveBody, transferEncodings } from './transfer.ts';

/** A server may send this many 1xx before its answer. */
const maxInformational = 100;

const noHeaders: HttpHeaders = {};

/** undici's side of an exchange. A handler costs a third of what `request` does, and tells its phases. */
export class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #options: ExchangeOptions;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #startedMs = performance.now();
  /** The body so far, where nothing else takes it. */
  #chunks: Buffer[] | null = null;
  #lease: Lease | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: 'connect' | 'headers' | 'body' = 'connect';
  /** Null where silence has no limit. */
  readonly #idleClock: IdleClock | null;
  #connectMs: number | null = null;
  #ttfbMs: number | null = null;
  #status: number | null = null;
  #headers: HttpHeaders = noHeaders;
  #bytes = 0;
  /** Chunks that the sink has not done with. */
  #untaken = 0;
  #informational = 0;
  #intake: BodyIntake | null = null;
  #saved: SavedBody | null = null;
  /** A byte of the answer has come, though perhaps not its head. */
  #hasBegun = false;
  isSettled = false;

  constructor(request: HttpRequest, options: ExchangeOptions, resolve: (exchange: Exchange) => void) {
    this.#request = request;
    this.#options = options;
    this.#resolve = resolve;
    this.#idleClock = options.idleTimeoutMs > 0 ? new IdleClock(options.idleTimeoutMs, () => this.#idle()) : null;
  }

  /** Keeps the connection until all is settled, which it may be already. */
  hold(lease: Lease): void {
    this.#lease = lease;
    if (this.isSettled) this.#letGo();
  }

  /** The engine's clock, or the end of the run. A timeout is told with the place where it struck. */
  cancel(reason: Failure): void {
    this.#fail(reason.code === 'timeout' && reason.phase === null ? this.#placed(reason) : reason);
  }

  #placed(reason: Failure): Failure {
    const place = {
      connect: 'while connecting',
      headers: this.#hasBegun ? "in the middle of the answer's headers" : 'while waiting for the answer',
      body: 'in the middle of the body',
    };
    const message = `${reason.message}: stopped ${place[this.#phase]} (${this.#request.host})`;
    return new Failure('timeout', message, { phase: this.#phase, retryable: reason.retryable });
  }

  /** The same bytes; while they leave, the connection is not idle. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#idleClock?.refresh();
      yield chunk;
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.isSettled) {
      controller.abort(new Error('cancelled while connecting'));
      return;
    }
    this.#connectMs = performance.now() - this.#startedMs;
    this.#phase = 'headers';
    this.#options.scope.sent();
    if (!this.#options.sink?.isPatient) this.#idleClock?.start();
  }

  /** The head is out. With a body behind it, the time of the upload is no matter of pace. */
  onRequestSent(): void {
    if (this.#request.body === null && !this.#request.stream) this.#options.scope.sent();
  }

  onResponseStarted(): void {
    this.#hasBegun = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    this.#idleClock?.refresh();
    if (status < 200) {
      this.#inform(status);
      return;
    }
    this.#ttfbMs = performance.now() - this.#startedMs;
    this.#phase = 'body';
    this.#status = status;
    this.#headers = headers;
    const hasBody = mayHaveBody(this.#request.method, status);
    if (hasBody && transferEncodings(headers) === null) {
      this.#fail(this.#protocol(`an unknown transfer-encoding, ${String(headers['transfer-encoding']).slice(0, 100)}`));
      return;
    }
    if (this.#options.intakeOf) this.#take(this.#options.intakeOf(status, headers, controller));
    if (this.#intake) return;
    if (hasBody && Number(headers['content-length']) > this.#options.maxBodyBytes) {
      this.#fail(tooLarge(this.#options.maxBodyBytes));
    } else this.#options.sink?.head(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#idleClock?.refresh();
    this.#bytes += chunk.length;
    if (this.#intake) this.#intake.write(chunk);
    else if (this.#bytes > this.#options.maxBodyBytes) this.#fail(tooLarge(this.#options.maxBodyBytes));
    else if (this.#options.sink) this.#deliver(chunk, this.#options.sink);
    else if (this.#chunks) this.#chunks.push(chunk);
    else this.#chunks = [chunk];
  }

  #deliver(chunk: Buffer, sink: ExchangeSink): void {
    const taken = sink.data(chunk);
    if (!taken) {
      this.#idleClock?.start();
      return;
    }
    // The silence is ours as long as nobody takes the bytes.
    this.#idleClock?.stop();
    this.#controller?.pause();
    this.#untaken += 1;
    taken.then(
      () => {
        this.#untaken -= 1;
        if (this.isSettled || this.#untaken > 0) return;
        this.#idleClock?.start();
        this.#controller?.resume();
      },
      (failure: Failure) => this.#fail(failure),
    );
  }

  onResponseEnd(): void {
    if (this.#intake) this.#intake.end();
    else this.#settle(null, false);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    // A body that cannot be read has failed by itself.
    const failure =
      error instanceof Failure
        ? error
        : asFailure(error, { phase: this.#phase, host: this.#request.host, hasBegun: this.#hasBegun });
    this.#settle(failure, this.#phase !== 'body' && !this.#hasBegun && isKeepAliveRace(error));
  }

  /** The body goes elsewhere: only what takes it knows how the exchange has ended. */
  #take(intake: BodyIntake | null): void {
    this.#intake = intake;
    intake?.done.then(
      (saved) => {
        this.#intake = null;
        this.#saved = saved;
        this.#settle(null, false);
      },
      (failure: Failure) => {
        this.#intake = null;
        this.#fail(failure);
      },
    );
  }

  #inform(status: number): void {
    this.#informational += 1;
    if (status === 101) this.#fail(this.#protocol('a switch of protocols that nobody asked for (101)'));
    else if (this.#informational > maxInformational) this.#fail(this.#protocol('an endless row of 1xx'));
  }

  #protocol(what: string): Failure {
    const phase = this.#phase === 'connect' ? 'headers' : this.#phase;
    return new Failure('protocol', `the server answered with ${what} (${this.#request.host})`, { phase });
  }

  #idle(): void {
    if (this.#intake?.isWaitingForDisk) {
      this.#idleClock?.refresh();
      return;
    }
    const { idleTimeoutMs } = this.#options;
    const message = `no byte for ${idleTimeoutMs / 1000} s (${this.#request.host})`;
    this.#fail(new Failure('timeout', message, { phase: 'idle', retryable: true }));
  }

  #fail(failure: Failure): void {
    this.#settle(failure, false);
    this.#controller?.abort(failure);
  }

  /** One that is still being made would keep the next exchange waiting. */
  #letGo(): void {
    this.#lease?.release({ hasConnected: this.#controller !== null });
    this.#lease = null;
  }

  #settle(failure: Failure | null, isRace: boolean): void {
    if (this.isSettled) return;
    if (this.#intake) {
      if (failure) this.#intake.fail(failure);
      return;
    }
    this.isSettled = true;
    this.#idleClock?.stop();
    this.#options.scope.onCancel(null);
    if (this.#lease) this.#letGo();
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: bodyOf(this.#chunks ?? []),
      received: this.#bytes,
      saved: this.#saved,
      connectMs: this.#connectMs,
      ttfbMs: this.#ttfbMs,
      failure,
      isKeepAliveRace: isRace,
    });
  }
}

function bodyOf(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first && chunks.length === 1 ? first : Buffer.concat(chunks);
}

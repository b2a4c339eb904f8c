import { pipeline, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { Failure } from '../record/failure.ts';
import type { SavedBody } from '../record/saving.ts';
import { encodingsIn } from './content-encoding.ts';
import { createDecoder, undecodable } from './decode.ts';
import { atMost } from './too-large.ts';

export type IntakeOptions = {
  /** The answer's content-encoding, if any. */
  contentEncoding: string | undefined;
  /** More decoded bytes than this are a failure, `too_large`. */
  maxBytes: number;
  /** Takes the decoded bytes. Rejects with what they throw, or with a failure of its own. */
  save: (chunks: AsyncIterable<Uint8Array>) => Promise<SavedBody>;
  controller: Dispatcher.DispatchController;
};

/** So many chunks may wait for who saves them, of 128 KiB at most; then the server has to wait. */
const highWaterMark = 16;

/** A body on its way to a file: decoded as it comes, and held back at the socket when the disk is slower. */
export class BodyIntake {
  /** Resolves when the file is there. Rejects with a Failure when nothing of it is left. */
  readonly done: Promise<SavedBody>;
  readonly #options: IntakeOptions;
  readonly #source: Readable;
  #settle: { resolve: (saved: SavedBody) => void; reject: (failure: Failure) => void } | null = null;
  /** What went wrong first. */
  #fault: Failure | null = null;
  #hasBegun = false;
  #hasEnded = false;
  /** Something behind has broken, and is about to say what. */
  #isBroken = false;
  #isPaused = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#source = new Readable({
      // Chunks stay apart: put together for each read, every byte would be copied once more.
      objectMode: true,
      highWaterMark,
      read: () => this.#resume(),
      destroy: (error, callback) => {
        this.#isBroken = true;
        if (!this.#hasEnded) options.controller.abort(error ?? new Error('nobody takes the body'));
        callback(error);
      },
    });
    // Whoever reads it is told too, but may not be there yet.
    this.#source.on('error', () => {});
  }

  /** True while it is not the server that is silent. */
  get isWaitingForDisk(): boolean {
    return this.#isPaused || this.#hasEnded;
  }

  write(chunk: Buffer): void {
    // Empty ones come after each pause, and would fill the queue for nothing.
    if (this.#isBroken || chunk.length === 0) return;
    if (!this.#hasBegun) this.#begin(chunk);
    if (this.#source.push(chunk) || this.#isBroken) return;
    this.#isPaused = true;
    this.#options.controller.pause();
  }

  end(): void {
    if (this.#isBroken) return;
    if (!this.#hasBegun) this.#begin(null);
    this.#hasEnded = true;
    this.#source.push(null);
  }

  /** The body will not be whole. */
  fail(failure: Failure): void {
    if (this.#isBroken) return;
    this.#fault ??= failure;
    this.#source.destroy(failure);
    if (!this.#hasBegun) this.#settle?.reject(failure);
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#options.controller.resume();
  }

  /** Sets up the way to the file, which hangs on the first bytes: `deflate` means two formats. */
  #begin(first: Buffer | null): void {
    this.#hasBegun = true;
    const { save } = this.#options;
    try {
      save(this.#decoded(first)).then(
        (saved) => this.#settle?.resolve(saved),
        (error) => this.#settle?.reject(this.#failureOf(error)),
      );
    } catch (error) {
      const failure = this.#failureOf(error);
      this.#settle?.reject(failure);
      this.#source.destroy(failure);
    }
  }

  #decoded(first: Buffer | null): AsyncIterable<Uint8Array> {
    const { contentEncoding, maxBytes } = this.#options;
    let stream: Readable = this.#source;
    const encodings = contentEncoding === undefined || first === null ? [] : encodingsIn(contentEncoding);
    for (const [nth, encoding] of encodings.entries()) {
      const decoder = createDecoder(encoding, nth === 0 ? first : null);
      decoder.on('error', (error: Error) => {
        // Those that are no decoder's come from the stream before it.
        if ('errno' in error) this.#fault ??= undecodable(error, { encoding, maxBodyBytes: maxBytes });
      });
      stream = pipeline(stream, decoder, () => {});
    }
    return Number.isFinite(maxBytes) ? atMost(maxBytes, stream) : stream;
  }

  #failureOf(error: unknown): Failure {
    if (this.#fault) return this.#fault;
    if (error instanceof Failure) return error;
    return new Failure('output', `the body cannot be saved: ${(error as Error).message}`, { cause: error });
  }
}

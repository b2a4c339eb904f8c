import { Transform, type TransformCallback } from 'node:stream';

type Decoder = Transform & { readonly bytesWritten: number };

export type WholeOptions = {
  open: () => Decoder;
  /** What is behind the end is decoded as well, as often as this; else it is an error. */
  maxRepeats: number;
};

/**
 * A decoder of zlib's that minds what is behind the end of its data. Node's own ones end there and drop what is left of
 * a chunk, be it the next frame or bytes that do not belong there.
 */
export class WholeDecoder extends Transform {
  readonly #options: WholeOptions;
  #decoder: Decoder;
  /** Bytes that the decoder was given. */
  #given = 0;
  #repeats = 0;
  #unfinished: { readonly bytes: Buffer; readonly callback: TransformCallback } | null = null;
  #flushed: TransformCallback | null = null;

  constructor(options: WholeOptions) {
    super();
    this.#options = options;
    this.#decoder = this.#open();
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#given += bytes.length;
    const unfinished = { bytes, callback };
    this.#unfinished = unfinished;
    // When the data end before the bytes do, this comes as late as the decoder is destroyed.
    this.#decoder.write(bytes, (error) => {
      if (error || this.#unfinished !== unfinished) return;
      this.#unfinished = null;
      callback();
    });
  }

  override _flush(callback: TransformCallback): void {
    this.#flushed = callback;
    this.#decoder.end();
  }

  override _read(size: number): void {
    this.#decoder.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#decoder.destroy();
    callback(error);
  }

  #open(): Decoder {
    const decoder = this.#options.open();
    decoder.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) decoder.pause();
    });
    decoder.on('end', () => this.#ended());
    decoder.on('error', (error) => this.destroy(error));
    return decoder;
  }

  #ended(): void {
    const rest = this.#given - this.#decoder.bytesWritten;
    if (!this.#unfinished || rest === 0) {
      this.#flushed?.();
      return;
    }
    const { bytes, callback } = this.#unfinished;
    this.#unfinished = null;
    if (this.#repeats === this.#options.maxRepeats) {
      this.destroy(moreBehind());
      return;
    }
    this.#repeats += 1;
    this.#given = 0;
    this.#decoder.destroy();
    this.#decoder = this.#open();
    this._transform(bytes.subarray(bytes.length - rest), 'buffer' as BufferEncoding, callback);
  }
}

/** As zlib tells what is wrong with the data. */
export function moreBehind(): Error {
  return Object.assign(new Error('there is more behind its end'), { code: 'Z_DATA_ERROR', errno: -3 });
}

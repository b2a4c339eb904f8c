import type { Transform } from 'node:stream';
import type { Failure } from '../record/failure.ts';
import { encodingsIn } from './content-encoding.ts';
import { checkEncoding, createDecoder, undecodable } from './decode.ts';
import { tooLarge } from './too-large.ts';

/** Undoes a body's content encodings as it comes. */
export type StreamDecoder = {
  /** A promise means that the bytes before these are still being worked on; it rejects with a Failure. */
  write(chunk: Buffer): void | Promise<void>;
  /** Resolves when everything is delivered; rejects with a Failure, `truncated` when the end came too early. */
  end(): Promise<void>;
  /** Lets go of it without waiting. */
  destroy(): void;
};

export type StreamDecoderOptions = {
  contentEncoding: string | undefined;
  /** More decoded bytes than this are a failure, `too_large`. */
  maxBodyBytes: number;
  /** Takes decoded bytes; a promise holds the next ones back. */
  deliver: (bytes: Buffer) => void | Promise<void>;
};

/** Throws a Failure `decode` when an encoding is unknown. */
export function createStreamDecoder({
  contentEncoding = '',
  maxBodyBytes,
  deliver,
}: StreamDecoderOptions): StreamDecoder {
  const encodings = encodingsIn(contentEncoding);
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw tooLarge(maxBodyBytes);
    return deliver(chunk);
  };
  if (encodings.length === 0) return { write: count, end: async () => {}, destroy: () => {} };
  return chained(encodings, { maxBodyBytes, deliver: count });
}

type ChainOptions = Pick<StreamDecoderOptions, 'maxBodyBytes' | 'deliver'>;

function chained(encodings: readonly string[], { maxBodyBytes, deliver }: ChainOptions): StreamDecoder {
  for (const encoding of encodings) checkEncoding(encoding);
  let chain: Transform[] = [];
  let settle: { resolve: () => void; reject: (failure: Failure) => void } | null = null;
  const ended = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Who has been told by a write does not ask for the end any more.
  ended.catch(() => {});

  const destroy = () => {
    for (const transform of chain) transform.destroy();
  };
  const fail = (failure: Failure) => {
    settle?.reject(failure);
    destroy();
  };
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (error) {
      fail(error as Failure);
    }
  };

  /** The first bytes tell how a `deflate` is meant. */
  function open(first: Buffer): void {
    chain = encodings.map((encoding, place) => createDecoder(encoding, place === 0 ? first : null));
    chain.forEach((transform, place) => {
      const encoding = encodings[place] ?? '';
      transform.on('error', (error) => fail(undecodable(error, { encoding, maxBodyBytes })));
      const next = chain[place + 1];
      if (next) transform.pipe(next);
      else read(transform);
    });
  }

  function read(last: Transform): void {
    last.on('data', (bytes: Buffer) =>
      guarded(() => {
        const taken = deliver(bytes);
        if (!taken) return;
        last.pause();
        taken.then(
          () => last.resume(),
          (failure: Failure) => fail(failure),
        );
      }),
    );
    last.on('end', () => settle?.resolve());
  }

  return {
    write(chunk) {
      if (chain.length === 0) open(chunk);
      const [first] = chain;
      if (!first || first.destroyed) return ended;
      // A bomb is worked on piece by piece: no more comes in before this one is through.
      return first.write(chunk) ? undefined : Promise.race([drained(first), ended]);
    },
    end() {
      const [first] = chain;
      if (first) first.end();
      else settle?.resolve();
      return ended;
    },
    destroy,
  };
}

function drained(stream: Transform): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      stream.off('drain', settle).off('close', settle);
      resolve();
    };
    stream.on('drain', settle).on('close', settle);
  });
}

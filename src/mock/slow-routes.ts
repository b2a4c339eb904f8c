import { type Answer, json } from './answer.ts';
import type { Readers, Route } from './route.ts';

/** Routes that take their time, or their bytes. */
export function slowRoutes({ durationMs, bytes, count }: Readers): readonly Route[] {
  return [
    {
      path: '/delay',
      takes: 'TIME',
      about: '200 after a time such as 50ms',
      answer: async ({ sleep }, rest) => {
        const delayMs = durationMs(rest);
        await sleep(delayMs);
        return json(200, { delay_ms: delayMs });
      },
    },
    {
      path: '/size',
      takes: 'N',
      about: 'N bytes of text; 10MiB works too',
      answer: (_, rest) => {
        const length = bytes(rest);
        return text(length, filler(length));
      },
    },
    {
      path: '/drip',
      takes: '?bytes=10&every=100ms',
      about: 'one byte at a time',
      answer: ({ query, sleep }) => {
        const length = count(query.get('bytes') ?? '10', 0, 1_000_000);
        const everyMs = durationMs(query.get('every') ?? '100ms');
        return text(
          length,
          drip(length, () => sleep(everyMs)),
        );
      },
    },
  ];
}

function text(length: number, chunks: Iterable<Uint8Array> | AsyncIterable<string>): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: { length, chunks } };
}

/** 64 KiB in lines of 64, shared by every answer. */
const block = Buffer.from(`${'0123456789abcdef'.repeat(4).slice(1)}\n`.repeat(1024));

/** `length` bytes of text, a block at a time. */
function* filler(length: number): Generator<Uint8Array> {
  let left = length;
  for (; left > block.length; left -= block.length) yield block;
  if (left > 0) yield block.subarray(0, left);
}

/** `length` bytes, the first at once, with a pause before each of the others. */
async function* drip(length: number, pause: () => Promise<void>): AsyncGenerator<string> {
  for (let sent = 0; sent < length; sent += 1) {
    if (sent > 0) await pause();
    yield '.';
  }
}

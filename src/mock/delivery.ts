import { type Answer, json } from './answer.ts';
import type { Asked } from './asked.ts';
import { WrongCall } from './call.ts';
import type { Spoken } from './spoken.ts';
import type { Speaker, Speech, Trouble } from './voice.ts';

/** How an answer ends: with its mark, without one, with its connection, or with an error. */
export type Ending = 'mark' | 'cut' | 'drop' | 'stream';

export const breakdown: Trouble = { kind: 'server', status: 500, message: 'broke off on purpose' };

/** An answer in one piece; one that breaks off is half of it. */
export function document(voice: Speaker, asked: Asked, { spoken, end }: { spoken: Spoken; end: Ending }): Answer {
  if (end === 'stream') return json(200, voice.error(breakdown));
  const whole = json(200, voice.whole(asked, spoken));
  if (end === 'mark') return whole;
  const text = JSON.stringify(voice.whole(asked, spoken));
  const half = text.slice(0, text.length / 2).toWellFormed();
  if (end === 'cut') return { ...whole, body: half };
  return { ...whole, body: { length: Buffer.byteLength(text), chunks: breaksAfter([half]) } };
}

type Spelling = { readonly end: Ending; readonly pause: (() => Promise<void>) | null; readonly broken: string };

/** A stream, piece by piece; one that breaks off does so after half of its tokens. */
export async function* spell(
  { before, tokens, after }: Speech,
  { end, pause, broken }: Spelling,
): AsyncGenerator<string> {
  yield* before;
  const said = end === 'mark' ? tokens : tokens.slice(0, Math.ceil(tokens.length / 2));
  for (const token of said) {
    if (pause) await pause();
    yield token;
  }
  if (end === 'mark') yield* after;
  if (end === 'stream') yield broken;
  if (end === 'drop') yield* breaksAfter([]);
}

/** The server drops a connection whose answer throws. */
function* breaksAfter(pieces: readonly string[]): Generator<string> {
  yield* pieces;
  throw new WrongCall('broke off on purpose');
}

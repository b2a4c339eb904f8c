import { type Answer, json } from './answer.ts';
import type { Asked } from './asked.ts';
import { type Call, WrongCall } from './call.ts';
import { chatVoice } from './chat-voice.ts';
import { geminiVoice } from './gemini-voice.ts';
import { messagesVoice } from './messages-voice.ts';
import { ollamaVoice } from './ollama-voice.ts';
import { responsesVoice } from './responses-voice.ts';
import type { Readers, Route } from './route.ts';
import { echoOf, jsonOf, refusalOf, type Spoken } from './spoken.ts';
import type { Speech, Trouble, Voice } from './voice.ts';

const voices = [chatVoice, responsesVoice, messagesVoice, geminiVoice, ollamaVoice];

/**
 * What the names of models make of them; any other name says back at once what it is asked. A stream that breaks does
 * so in the middle: `cut` ends it without its mark, `drop` breaks the connection, `stream` has an error in it.
 */
const behaviours = [
  'echo',
  'json',
  'refuse',
  'slow:200ms',
  'tokens:20ms',
  'fail:500',
  'fail:rate',
  'fail:quota',
  'fail:overloaded',
  'fail:error',
  'fail:stream',
  'fail:cut',
  'fail:drop',
];

export type ModelOptions = {
  /** Before each token of a stream, unless the model's name says otherwise. */
  readonly tokenDelayMs: number;
};

/** Models behind the APIs that `sluice prompt` speaks. All behave alike, and the model's name says how. */
export function modelRoutes(readers: Readers, { tokenDelayMs }: ModelOptions): readonly Route[] {
  const routes = voices.map(({ path, takes, about, ...voice }): Route => {
    const answer = async (call: Call, rest: string): Promise<Answer> => {
      const asked = await voice.read(call, rest);
      return await behave(voice, asked, { call, readers, tokenDelayMs });
    };
    return takes === undefined ? { path, about, answer } : { path, takes, about, answer };
  });
  const data = behaviours.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sluice' }));
  const models = behaviours.map((name) => ({ name, model: name, modified_at: '1970-01-01T00:00:00Z', size: 0 }));
  return [
    ...routes,
    {
      path: '/v1/models',
      about: 'its models, whose names say how they behave',
      answer: () => json(200, { object: 'list', data }),
    },
    { path: '/api/tags', about: 'the same, as Ollama lists them', answer: () => json(200, { models }) },
  ];
}

type Speaker = Pick<Voice, 'whole' | 'stream' | 'error' | 'broken'>;
type Context = { readonly call: Call; readonly readers: Readers; readonly tokenDelayMs: number };

async function behave(voice: Speaker, asked: Asked, { call, readers, tokenDelayMs }: Context): Promise<Answer> {
  const [behaviour, detail = ''] = halves(asked.model);
  const { durationMs } = readers;
  if (behaviour === 'slow' && detail) await call.sleep(durationMs(detail));
  if (behaviour === 'fail') {
    const trouble = troubleOf(detail, readers);
    if (trouble) return refused(voice, trouble, detail === 'error' ? 200 : trouble.status);
  }
  const spoken = spokenBy(behaviour, asked);
  const end = behaviour === 'fail' ? (detail as Ending) : 'mark';
  const pauseMs = behaviour === 'tokens' && detail ? durationMs(detail) : tokenDelayMs;
  const pause = pauseMs > 0 ? () => call.sleep(pauseMs) : null;
  if (!asked.isStreamed) return document(voice, asked, { spoken, end });
  const speech = voice.stream(asked, spoken);
  const headers = { 'content-type': speech.contentType };
  return { status: 200, headers, body: { chunks: spell(speech, { end, pause, broken: voice.broken(breakdown) }) } };
}

function halves(model: string): [string, string?] {
  const colon = model.indexOf(':');
  return colon === -1 ? [model] : [model.slice(0, colon), model.slice(colon + 1)];
}

/** How an answer ends: with its mark, without one, with its connection, or with an error. */
type Ending = 'mark' | 'cut' | 'drop' | 'stream';

const breakdown: Trouble = { kind: 'server', status: 500, message: 'broke off on purpose' };

/** What comes in place of an answer; null for what breaks one off. */
function troubleOf(detail: string, { count }: Readers): Trouble | null {
  switch (detail) {
    case 'cut':
    case 'drop':
    case 'stream':
      return null;
    case 'error':
      return breakdown;
    case 'rate':
      return { kind: 'rate', status: 429, message: 'too many requests' };
    case 'quota':
      return { kind: 'quota', status: 429, message: 'nothing left to spend' };
    case 'overloaded':
      return { kind: 'overloaded', status: 529, message: 'overloaded on purpose' };
    default:
      return { kind: 'server', status: count(detail, 400, 599), message: 'failed on purpose' };
  }
}

function refused(voice: Speaker, trouble: Trouble, status: number): Answer {
  const limits = { 'retry-after': '1', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1s' };
  return json(status, voice.error(trouble), trouble.kind === 'rate' ? limits : {});
}

function spokenBy(behaviour: string, asked: Asked): Spoken {
  if (behaviour === 'refuse') return refusalOf(asked);
  return behaviour === 'json' ? jsonOf(asked) : echoOf(asked);
}

/** An answer in one piece; one that breaks off is half of it. */
function document(voice: Speaker, asked: Asked, { spoken, end }: { spoken: Spoken; end: Ending }): Answer {
  if (end === 'stream') return json(200, voice.error(breakdown));
  const whole = json(200, voice.whole(asked, spoken));
  if (end === 'mark') return whole;
  const text = JSON.stringify(voice.whole(asked, spoken));
  const half = text.slice(0, text.length / 2).toWellFormed();
  if (end === 'cut') return { ...whole, body: half };
  return { ...whole, body: { length: Buffer.byteLength(text), chunks: breaksAfter([half]) } };
}

type Delivery = { readonly end: Ending; readonly pause: (() => Promise<void>) | null; readonly broken: string };

async function* spell({ before, tokens, after }: Speech, { end, pause, broken }: Delivery): AsyncGenerator<string> {
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

import { type Answer, json } from './answer.ts';
import type { Asked } from './asked.ts';
import { budgetHeaders, retryAfter } from './budget-headers.ts';
import type { Call } from './call.ts';
import { chatVoice } from './chat-voice.ts';
import { breakdown, document, type Ending, spell } from './delivery.ts';
import { geminiVoice } from './gemini-voice.ts';
import type { Window } from './limits.ts';
import { messagesVoice } from './messages-voice.ts';
import { ollamaVoice } from './ollama-voice.ts';
import { responsesVoice } from './responses-voice.ts';
import type { Readers, Route } from './route.ts';
import { echoOf, jsonOf, refusalOf, type Spoken } from './spoken.ts';
import type { Speaker, Trouble } from './voice.ts';

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
  /** What all models together may take and give; null is no limit. */
  readonly tokens: Window | null;
  readonly now: () => number;
};

/** Models behind the APIs that `sluice prompt` speaks. All behave alike, and the model's name says how. */
export function modelRoutes(readers: Readers, options: ModelOptions): readonly Route[] {
  const routes = voices.map(({ path, takes, about, ...voice }): Route => {
    const answer = async (call: Call, rest: string): Promise<Answer> => {
      const asked = await voice.read(call, rest);
      return await behave(voice, asked, { call, readers, options });
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

type Context = { readonly call: Call; readonly readers: Readers; readonly options: ModelOptions };

async function behave(voice: Speaker, asked: Asked, { call, readers, options }: Context): Promise<Answer> {
  const [behaviour, detail = ''] = halves(asked.model);
  const { durationMs } = readers;
  if (behaviour === 'slow' && detail) await call.sleep(durationMs(detail));
  if (behaviour === 'fail') {
    const trouble = troubleOf(detail, readers);
    if (trouble) return refused(voice, trouble, detail === 'error' ? 200 : trouble.status);
  }
  const spoken = spokenBy(behaviour, asked);
  const budget = spend(asked, spoken, { call, options });
  if (budget.roomInMs > 0) return tooManyTokens(voice, budget);
  const end = behaviour === 'fail' ? (detail as Ending) : 'mark';
  const pauseMs = behaviour === 'tokens' && detail ? durationMs(detail) : options.tokenDelayMs;
  const pause = pauseMs > 0 ? () => call.sleep(pauseMs) : null;
  if (!asked.isStreamed) {
    const answer = document(voice, asked, { spoken, end });
    return { ...answer, headers: { ...answer.headers, ...budget.headers } };
  }
  const speech = voice.stream(asked, spoken);
  const headers = { 'content-type': speech.contentType, ...budget.headers };
  return { status: 200, headers, body: { chunks: spell(speech, { end, pause, broken: voice.broken(breakdown) }) } };
}

function halves(model: string): [string, string?] {
  const colon = model.indexOf(':');
  return colon === -1 ? [model] : [model.slice(0, colon), model.slice(colon + 1)];
}

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

type Budget = { readonly roomInMs: number; readonly headers: Record<string, string> };

/** Takes what the call may cost, as OpenAI does: what was asked, and the longest answer or, where none is named, this one. */
function spend(asked: Asked, spoken: Spoken, { call, options }: Pick<Context, 'call' | 'options'>): Budget {
  const { tokens, now } = options;
  if (!tokens) return { roomInMs: 0, headers: {} };
  const roomInMs = tokens.enter(now(), spoken.inputTokens + (asked.maxTokens ?? spoken.outputTokens));
  return { roomInMs, headers: budgetHeaders(call.path, 'tokens', tokens.left(now())) };
}

function tooManyTokens(voice: Speaker, { roomInMs, headers }: Budget): Answer {
  const seconds = retryAfter(roomInMs);
  const message = `too many tokens; there is room in ${seconds} s`;
  return json(429, voice.error({ kind: 'rate', status: 429, message }), { 'retry-after': seconds, ...headers });
}

function spokenBy(behaviour: string, asked: Asked): Spoken {
  if (behaviour === 'refuse') return refusalOf(asked);
  return behaviour === 'json' ? jsonOf(asked) : echoOf(asked);
}

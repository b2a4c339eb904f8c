import { type Answer, json } from './answer.ts';
import { type ChatRequest, readChat } from './chat-request.ts';
import type { Readers, Route } from './route.ts';

/**
 * A model behind OpenAI's Chat Completions, streamed or not. It answers with the last user message, the same each
 * time. The model's name says how it is to behave: `fail:500`, `fail:quota`, `fail:rate`, `fail:error` (inside a
 * 200), `refuse`, `slow:200ms`; any other name answers at once.
 */
export function chatRoutes({ durationMs, count }: Readers): readonly Route[] {
  return [
    {
      path: '/v1/chat/completions',
      about: 'a model that says back what it is asked; fail:500, slow:1s …',
      answer: async (call) => {
        const request = await readChat(call);
        const [behaviour, detail = ''] = halves(request.model);
        if (behaviour === 'fail') return failure(detail, count);
        if (behaviour === 'slow') await call.sleep(durationMs(detail));
        const spoken = behaviour === 'refuse' ? refusal : echoOf(request);
        return request.isStreamed ? streamed(request, spoken) : whole(request, spoken);
      },
    },
    {
      path: '/v1/models',
      about: 'the models that it plays',
      answer: () => json(200, { object: 'list', data: models }),
    },
  ];
}

const models = ['echo', 'slow:200ms', 'refuse', 'fail:500', 'fail:quota', 'fail:rate', 'fail:error'].map((id) => ({
  id,
  object: 'model',
  created: 0,
  owned_by: 'sluice',
}));

function halves(model: string): [string, string?] {
  const colon = model.indexOf(':');
  return colon === -1 ? [model] : [model.slice(0, colon), model.slice(colon + 1)];
}

function failure(detail: string, count: Readers['count']): Answer {
  switch (detail) {
    case 'quota':
      return failed(429, { type: 'insufficient_quota', code: 'insufficient_quota', message: 'nothing left to spend' });
    case 'rate':
      return failed(
        429,
        { type: 'requests', code: 'rate_limit_exceeded', message: 'too many requests' },
        { 'retry-after': '1', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1s' },
      );
    case 'error':
      return failed(200, { type: 'server_error', code: null, message: 'broke off on purpose' });
    default:
      return failed(count(detail, 400, 599), { type: 'server_error', code: null, message: 'failed on purpose' });
  }
}

type ErrorObject = { type: string; code: string | null; message: string };

function failed(status: number, error: ErrorObject, headers: Record<string, string> = {}): Answer {
  return json(status, { error: { ...error, param: null } }, headers);
}

/** What is said: a token is four characters, as near as a mock must be. */
type Spoken = { readonly tokens: readonly string[]; readonly refusal: string | null; readonly finishReason: string };

const refusal: Spoken = { tokens: [], refusal: 'I will not answer that.', finishReason: 'stop' };

function echoOf({ question, maxTokens }: ChatRequest): Spoken {
  const all = tokensOf(`You said: ${question}`);
  const isCut = maxTokens !== null && all.length > maxTokens;
  return {
    tokens: isCut ? all.slice(0, maxTokens) : all,
    refusal: null,
    finishReason: isCut ? 'length' : 'stop',
  };
}

function tokensOf(text: string): string[] {
  return text.match(/.{1,4}/gsu) ?? [];
}

function usageOf({ conversation }: ChatRequest, { tokens }: Spoken) {
  const input = tokensOf(conversation).length;
  return { prompt_tokens: input, completion_tokens: tokens.length, total_tokens: input + tokens.length };
}

const id = 'chatcmpl-mock';

function whole(request: ChatRequest, spoken: Spoken): Answer {
  const { tokens, refusal: declined, finishReason } = spoken;
  const message = { role: 'assistant', content: declined ? null : tokens.join(''), refusal: declined };
  return json(200, {
    id,
    object: 'chat.completion',
    created: 0,
    model: request.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    usage: usageOf(request, spoken),
  });
}

function streamed(request: ChatRequest, spoken: Spoken): Answer {
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: { chunks: events(request, spoken) } };
}

/** One event for each token, as servers send them. */
function* events(request: ChatRequest, spoken: Spoken): Generator<string> {
  const { tokens, refusal: declined, finishReason } = spoken;
  const event = (choices: unknown[], more = {}): string =>
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 0, model: request.model, choices, ...more })}\n\n`;
  const delta = (content: object, reason: string | null = null) =>
    event([{ index: 0, delta: content, logprobs: null, finish_reason: reason }]);
  yield delta({ role: 'assistant', content: '' });
  for (const token of tokens) yield delta({ content: token });
  if (declined) yield delta({ refusal: declined });
  yield delta({}, finishReason);
  if (request.wantsUsage) yield event([], { usage: usageOf(request, spoken) });
  yield 'data: [DONE]\n\n';
}

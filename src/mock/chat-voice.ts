import { askedOf, type Fields, readFields, turnsOf } from './asked.ts';
import type { Spoken } from './spoken.ts';
import { event, eventStream, type Trouble, type Voice } from './voice.ts';

const id = 'chatcmpl-mock';

/** OpenAI's Chat Completions. */
export const chatVoice: Voice = {
  path: '/v1/chat/completions',
  about: 'a model that says back what it is asked (OpenAI Chat Completions)',
  read: async (call) => {
    const fields = await readFields(call);
    return askedOf({
      model: fields.model,
      turns: turnsOf(fields, 'messages', ({ content }) => content),
      maxTokens: fields.max_completion_tokens ?? fields.max_tokens,
      isStreamed: fields.stream === true,
      wantsUsage: (fields.stream_options as Fields | null | undefined)?.include_usage === true,
    });
  },
  whole: ({ model }, spoken) => {
    const { tokens, refusal } = spoken;
    const message = { role: 'assistant', content: refusal ? null : tokens.join(''), refusal };
    return {
      id,
      object: 'chat.completion',
      created: 0,
      model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: reasonOf(spoken) }],
      usage: usageOf(spoken),
    };
  },
  stream: ({ model, wantsUsage }, spoken) => {
    const chunk = (choices: unknown[], more = {}): string =>
      event({ id, object: 'chat.completion.chunk', created: 0, model, choices, ...more });
    const delta = (content: object, reason: string | null = null): string =>
      chunk([{ index: 0, delta: content, logprobs: null, finish_reason: reason }]);
    return {
      contentType: eventStream,
      before: [delta({ role: 'assistant', content: '' })],
      tokens: spoken.tokens.map((content) => delta({ content })),
      after: [
        ...(spoken.refusal ? [delta({ refusal: spoken.refusal })] : []),
        delta({}, reasonOf(spoken)),
        ...(wantsUsage ? [chunk([], { usage: usageOf(spoken) })] : []),
        'data: [DONE]\n\n',
      ],
    };
  },
  error: openaiError,
  broken: (trouble) => event(openaiError(trouble)),
};

export function openaiError({ kind, message }: Trouble): { error: object } {
  const codes = {
    rate: ['requests', 'rate_limit_exceeded'],
    quota: ['insufficient_quota', 'insufficient_quota'],
    overloaded: ['server_error', 'server_is_overloaded'],
    server: ['server_error', null],
  } as const;
  const [type, code] = codes[kind];
  return { error: { message, type, param: null, code } };
}

function reasonOf({ isCut }: Spoken): string {
  return isCut ? 'length' : 'stop';
}

function usageOf({ inputTokens: input, outputTokens: output }: Spoken) {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

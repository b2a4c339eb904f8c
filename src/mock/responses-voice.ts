import { type Asked, askedOf, readFields, textIn, turnsOf } from './asked.ts';
import { openaiError } from './chat-voice.ts';
import type { Spoken } from './spoken.ts';
import { event, eventStream, type Voice } from './voice.ts';

/** OpenAI's Responses. */
export const responsesVoice: Voice = {
  path: '/v1/responses',
  about: 'the same, as OpenAI Responses',
  read: async (call) => {
    const fields = await readFields(call);
    const { input, instructions } = fields;
    const user =
      typeof input === 'string' ? [{ role: 'user', text: input }] : turnsOf(fields, 'input', (one) => one.content);
    return askedOf({
      model: fields.model,
      turns: [{ role: 'system', text: textIn(instructions) }, ...user],
      maxTokens: fields.max_output_tokens,
      isStreamed: fields.stream === true,
    });
  },
  whole: (asked, spoken) => responseOf(asked, spoken),
  stream: (asked, spoken) => {
    let number = 0;
    const say = (type: string, fields: object): string => event({ type, sequence_number: number++, ...fields }, type);
    const begun = { ...responseOf(asked, spoken), status: 'in_progress', output: [], usage: null };
    const place = { item_id: itemId, output_index: 0, content_index: 0 };
    return {
      contentType: eventStream,
      before: ['response.created', 'response.in_progress'].map((type) => say(type, { response: begun })),
      tokens: spoken.tokens.map((delta) => say('response.output_text.delta', { ...place, delta, logprobs: [] })),
      after: [
        spoken.refusal
          ? say('response.refusal.delta', { ...place, delta: spoken.refusal })
          : say('response.output_text.done', { ...place, text: spoken.tokens.join('') }),
        say(`response.${statusOf(spoken)}`, { response: responseOf(asked, spoken) }),
      ],
    };
  },
  error: openaiError,
  broken: (trouble) => event({ type: 'error', sequence_number: 9, ...openaiError(trouble) }, 'error'),
};

const itemId = 'msg_mock';

function statusOf({ isCut }: Spoken): string {
  return isCut ? 'incomplete' : 'completed';
}

function responseOf({ model }: Asked, spoken: Spoken) {
  const { tokens, refusal, isCut, inputTokens: input, outputTokens: output } = spoken;
  const content = refusal
    ? { type: 'refusal', refusal }
    : { type: 'output_text', text: tokens.join(''), annotations: [] };
  return {
    id: 'resp_mock',
    object: 'response',
    created_at: 0,
    model,
    status: statusOf(spoken),
    error: null,
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    output: [{ id: itemId, type: 'message', status: 'completed', role: 'assistant', content: [content] }],
    usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
  };
}

import { type Asked, askedOf, readFields, textIn, turnsOf } from './asked.ts';
import { WrongCall } from './call.ts';
import type { Spoken } from './spoken.ts';
import { event, eventStream, type Trouble, type Voice } from './voice.ts';

/** Anthropic's Messages. */
export const messagesVoice: Voice = {
  path: '/v1/messages',
  about: 'the same, as Anthropic Messages',
  read: async (call) => {
    const fields = await readFields(call);
    if (fields.max_tokens === undefined) throw new WrongCall('expected `max_tokens`');
    return askedOf({
      model: fields.model,
      turns: [
        { role: 'system', text: textIn(fields.system) },
        ...turnsOf(fields, 'messages', ({ content }) => content),
      ],
      maxTokens: fields.max_tokens,
      isStreamed: fields.stream === true,
    });
  },
  whole: (asked, spoken) => {
    const text = spoken.tokens.join('');
    return {
      ...opening(asked),
      content: text === '' ? [] : [{ type: 'text', text }],
      ...ending(spoken),
      usage: { input_tokens: spoken.inputTokens, output_tokens: spoken.outputTokens },
    };
  },
  stream: (asked, spoken) => {
    const say = (type: string, fields: object = {}): string => event({ type, ...fields }, type);
    const usage = { input_tokens: spoken.inputTokens, output_tokens: 1 };
    return {
      contentType: eventStream,
      before: [
        say('message_start', { message: { ...opening(asked), content: [], stop_reason: null, usage } }),
        say('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
        say('ping'),
      ],
      tokens: spoken.tokens.map((text) =>
        say('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
      ),
      after: [
        say('content_block_stop', { index: 0 }),
        say('message_delta', { delta: ending(spoken), usage: { output_tokens: spoken.outputTokens } }),
        say('message_stop'),
      ],
    };
  },
  error: anthropicError,
  broken: (trouble) => event(anthropicError(trouble), 'error'),
};

function opening({ model }: Asked) {
  return { id: 'msg_mock', type: 'message', role: 'assistant', model };
}

function ending({ isCut, refusal }: Spoken) {
  const details = refusal ? { stop_details: { type: 'refusal', explanation: refusal } } : {};
  return { stop_reason: refusal ? 'refusal' : isCut ? 'max_tokens' : 'end_turn', stop_sequence: null, ...details };
}

function anthropicError({ kind, message }: Trouble) {
  const type = {
    rate: 'rate_limit_error',
    quota: 'rate_limit_error',
    overloaded: 'overloaded_error',
    server: 'api_error',
  };
  const details = kind === 'quota' ? { details: { error_code: 'enforced_spend_limit_reached' } } : {};
  return { type: 'error', error: { type: type[kind], message, ...details }, request_id: 'req_mock' };
}

import { type Asked, askedOf, type Fields, readFields, turnsOf } from './asked.ts';
import type { Spoken } from './spoken.ts';
import type { Trouble, Voice } from './voice.ts';

/** Ollama's chat. */
export const ollamaVoice: Voice = {
  path: '/api/chat',
  about: 'the same, as Ollama; /api/tags lists the models',
  read: async (call) => {
    const fields = await readFields(call);
    return askedOf({
      model: fields.model,
      turns: turnsOf(fields, 'messages', ({ content }) => content),
      maxTokens: (fields.options as Fields | null | undefined)?.num_predict,
      isStreamed: fields.stream !== false,
    });
  },
  whole: (asked, spoken) => ended(asked, spoken, textOf(spoken)),
  stream: (asked, spoken) => {
    const tokens = spoken.refusal ? [spoken.refusal] : spoken.tokens;
    return {
      contentType: 'application/x-ndjson',
      before: [],
      tokens: tokens.map((content) => line({ ...turn(asked, content), done: false })),
      after: [line(ended(asked, spoken, ''))],
    };
  },
  error: ollamaError,
  broken: (trouble) => line(ollamaError(trouble)),
};

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** It has no other way to decline. */
function textOf({ tokens, refusal }: Spoken): string {
  return refusal ?? tokens.join('');
}

function turn({ model }: Asked, content: string) {
  return { model, created_at: '1970-01-01T00:00:00Z', message: { role: 'assistant', content } };
}

function ended(asked: Asked, { isCut, inputTokens, outputTokens }: Spoken, content: string) {
  const counts = { prompt_eval_count: inputTokens, eval_count: outputTokens };
  return { ...turn(asked, content), done: true, done_reason: isCut ? 'length' : 'stop', ...counts };
}

function ollamaError({ message }: Trouble) {
  return { error: message };
}

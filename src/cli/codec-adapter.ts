import { createParser } from 'eventsource-parser';
import type { Codec, ModelSettings } from '../llm/codec.ts';
import { openaiChat } from '../llm/openai.ts';
import { Failure } from '../record/failure.ts';
import { UsageError } from './values.ts';

type Chunk = {
  choices?: { delta?: { content?: string | null; refusal?: string | null }; finish_reason?: string | null }[];
  usage?: Record<string, number> | null;
  error?: unknown;
};

/** Stands in for src/llm/codecs.ts, until that is merged: Chat Completions alone, streamed where the server does. */
export function codecOf(provider: string, settings: ModelSettings): Codec {
  if (provider !== 'openai') throw new UsageError(`--model: ${provider} cannot be asked in its own way yet`);
  const { schema } = settings;
  const format = schema
    ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } }
    : {};
  const params = { stream: true, stream_options: { include_usage: true }, ...format, ...settings.params };
  const whole = openaiChat({ ...settings, params });
  return {
    provider,
    requestOf: whole.requestOf,
    open({ status, headers }) {
      const chunks: Uint8Array[] = [];
      const isStream = String(headers['content-type']).startsWith('text/event-stream');
      const decoder = new TextDecoder();
      const said = {
        text: '',
        refusal: '',
        finish: null as string | null,
        usage: null as Chunk['usage'],
        isDone: false,
      };
      let added = '';
      const parser = createParser({
        onEvent({ data }) {
          if (data === '[DONE]') {
            said.isDone = true;
            return;
          }
          const { choices: [choice] = [], usage } = JSON.parse(data) as Chunk;
          added += choice?.delta?.content ?? '';
          said.refusal += choice?.delta?.refusal ?? '';
          said.finish ??= choice?.finish_reason ?? null;
          said.usage = usage ?? said.usage;
        },
      });
      return {
        push(bytes) {
          if (!isStream) {
            chunks.push(bytes);
            return '';
          }
          added = '';
          parser.feed(decoder.decode(bytes, { stream: true }));
          said.text += added;
          return added;
        },
        end(cut) {
          const { text, finish, usage } = said;
          const message = { content: text, refusal: said.refusal || null };
          const body = isStream
            ? Buffer.from(JSON.stringify({ choices: [{ message, finish_reason: finish }], usage }))
            : Buffer.concat(chunks);
          const reading = whole.read({ status, headers, body });
          const isTorn = isStream && !said.isDone && finish === null;
          const torn = isTorn
            ? new Failure('truncated', 'the stream ended without its end', { retryable: true })
            : null;
          return cut ? { ...reading, failure: cut } : { ...reading, failure: reading.failure ?? torn };
        },
      };
    },
  };
}

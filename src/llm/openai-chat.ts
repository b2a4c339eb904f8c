import type { PromptTask } from '../record/prompt.ts';
import { bearer, below, createAsk, given, serverOf, withParams } from './ask.ts';
import type { AnswerReader, Codec, ModelSettings } from './codec.ts';
import type { Draft } from './draft.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from './json-fields.ts';
import { createReader, type Dialect } from './reader.ts';
import { isStrict } from './strict-schema.ts';
import { signatureIn } from './turns.ts';

/** OpenAI's Chat Completions, and everything that speaks it: POST {base}/chat/completions. */
export function openaiChat(settings: ModelSettings): Codec {
  const ask = createAsk(below(settings.baseUrl, '/chat/completions'), settings, bearer(settings));
  const server = serverOf(settings, { wantsVersion: true });
  const common = commonBody(settings);
  // Some servers refuse to be asked for it; most of those send it unasked.
  let asksForUsage = !sendsUsageUnasked.test(settings.baseUrl.hostname);

  const bodyOf = ({ messages, tools }: PromptTask) => {
    const streaming = { stream: true, ...(asksForUsage && { stream_options: { include_usage: true } }) };
    const wish = given({ tools: tools?.list, tool_choice: tools?.choice });
    return withParams({ model: settings.model, messages, ...wish, ...common, ...streaming }, settings);
  };

  return {
    provider: 'openai',
    bodyOf,
    requestOf: (task) => ask(bodyOf(task)),
    open: (head) => {
      const reader = createReader(head, dialect, server);
      if (head.status !== 400 && head.status !== 422) return reader;
      return tolerant(reader, () => {
        asksForUsage = false;
      });
    },
  };
}

/** Mistral's API answers 422 to `stream_options`. */
const sendsUsageUnasked = /(?:^|\.)mistral\.ai$/;
/** OpenAI's newer models refuse `max_tokens`; many of the others know nothing else. */
const wantsCompletionTokens = /(?:^|\.)openai\.(?:com|azure\.com)$/;

function commonBody({ baseUrl, maxTokens, temperature, schema }: ModelSettings): Record<string, unknown> {
  const maxName = wantsCompletionTokens.test(baseUrl.hostname) ? 'max_completion_tokens' : 'max_tokens';
  const format = schema && { type: 'json_schema', json_schema: { name: 'answer', schema, strict: isStrict(schema) } };
  return given({ [maxName]: maxTokens, temperature, response_format: format });
}

/** A server that complains of `stream_options` is asked again without; so are those asked while it complained. */
function tolerant(reader: AnswerReader, onComplaint: () => void): AnswerReader {
  return {
    push: (bytes) => reader.push(bytes),
    end: (cut) => {
      const reading = reader.end(cut);
      if (!reading.failure || !/stream_options|include_usage/.test(reading.failure.message)) return reading;
      onComplaint();
      return { ...reading, failure: reading.failure.with({ retryable: true }) };
    },
  };
}

const dialect: Dialect = {
  answer: 'a chat completion',
  endsWithDone: true,
  endsWithReason: true,
  take(said, draft) {
    // One is asked for; Azure sends events without any.
    const choice = listOf(said.choices)
      ?.map(fieldsOf)
      .find((one) => one && (one.index ?? 0) === 0);
    if (choice) takeChoice(choice, said, draft);
    const usage = fieldsOf(said.usage) ?? fieldsOf(fieldsOf(said.x_groq)?.usage);
    if (usage) draft.count(usage.prompt_tokens ?? usage.input_tokens, usage.completion_tokens ?? usage.output_tokens);
  },
};

function takeChoice(choice: Fields, { object, error }: Fields, draft: Draft): void {
  const delta = fieldsOf(choice.delta);
  const message = delta ? null : fieldsOf(choice.message);
  const { content, refusal } = delta ?? message ?? {};
  // A stream that ends with the whole message says nothing new in it.
  if (!message || !draft.hasText) draft.say(textIn(content));
  if (!message || draft.calls.isEmpty) takeCalls((delta ?? message)?.tool_calls, draft);
  if (textOf(refusal)) draft.decline(refusal);
  draft.finish(choice.finish_reason);
  if (choice.finish_reason === 'content_filter') draft.filter = 'finish_reason content_filter';
  if (message && object !== 'chat.completion.chunk') draft.isOver = true;
  const reason = textOf(choice.finish_reason);
  if (choice.error) draft.fail({ error: choice.error });
  else if (reason !== null && brokenOff.has(reason) && !error) draft.fail({ message: `finish_reason ${reason}` });
}

/** Not all count them: those that do not send each call whole. */
function takeCalls(calls: unknown, draft: Draft): void {
  for (const [at, one] of (listOf(calls) ?? []).map(fieldsOf).entries()) {
    if (!one) continue;
    const called = fieldsOf(one.function);
    draft.calls.take(numberOf(one.index) ?? at, {
      id: one.id,
      name: called?.name,
      input: called?.arguments,
      signature: signatureIn(one),
    });
  }
}

/** OpenRouter and Mistral; DeepSeek. */
const brokenOff: ReadonlySet<string> = new Set(['error', 'insufficient_system_resource']);

/** Plain text, or the text among the parts of a list (Mistral, Gemini's compatible server); thoughts are none. */
function textIn(content: unknown): string | null {
  const parts = listOf(content);
  if (!parts) return textOf(content);
  const texts = parts.map((part) => textOf(fieldsOf(part)?.text)).filter((part) => part !== null);
  return texts.length > 0 ? texts.join('') : null;
}

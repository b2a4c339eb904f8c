import { Failure } from '../record/failure.ts';
import type { Completion, PromptTask, Usage } from '../record/prompt.ts';
import type { Reading, Reply } from '../record/reply.ts';
import { addressOf, type HttpRequest } from '../record/request.ts';
import type { ModelSettings } from './codec.ts';
import { refusalOf } from './errors.ts';
import { type Fields, fieldsOf, listOf, numberOf, oneLine, textOf } from './json-fields.ts';

/** OpenAI's Chat Completions, and everything that speaks it: POST {base}/chat/completions. */
export type WholeCodec = {
  readonly provider: string;
  readonly requestOf: (task: PromptTask) => HttpRequest;
  readonly read: (reply: Reply) => Reading<Completion>;
};

export function openaiChat(settings: ModelSettings): WholeCodec {
  const { baseUrl, key } = settings;
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  const headers = headersOf(settings);
  const common = commonBody(settings);
  const server = { host: addressOf(url).host, keyVariable: key?.variable ?? null, basePath: baseUrl.pathname };

  return {
    provider: 'openai',
    requestOf({ messages }: PromptTask): HttpRequest {
      const body = JSON.stringify({ model: settings.model, messages, ...common });
      return { ...addressOf(url), url: url.href, method: 'POST', headers, body };
    },
    read({ status, headers, body: bytes }: Reply): Reading<Completion> {
      // Strips a byte order mark too.
      const text = new TextDecoder().decode(bytes);
      const body = parsed(text);
      const answer = fieldsOf(body);
      const isOk = status >= 200 && status < 300;
      // Some gateways have sent their 200 by the time that something breaks behind them.
      if (!isOk || answer?.error) return { content: null, ...refusalOf({ status, headers, text, body }, server) };
      return completionOf(answer, text);
    },
  };
}

function headersOf({ key, headers }: ModelSettings): string[] {
  const own = [['content-type', 'application/json'] as const];
  const authorization = key ? [['authorization', `Bearer ${key.value}`] as const] : [];
  return [...headers, ...own, ...authorization].flat();
}

/** OpenAI's newer models refuse `max_tokens`; many of the others know nothing else. */
const wantsCompletionTokens = /(?:^|\.)openai\.(?:com|azure\.com)$/;

function commonBody({ baseUrl, maxTokens, temperature, params }: ModelSettings): Record<string, unknown> {
  const maxName = wantsCompletionTokens.test(baseUrl.hostname) ? 'max_completion_tokens' : 'max_tokens';
  return {
    ...(maxTokens === null ? {} : { [maxName]: maxTokens }),
    ...(temperature === null ? {} : { temperature }),
    ...params,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function completionOf(answer: Fields | null, text: string): Reading<Completion> {
  const choice = fieldsOf(listOf(answer?.choices)?.[0]);
  if (!answer || !choice)
    return undecodable(answer ? 'an answer without choices' : 'something else than a JSON object', text);
  const message = fieldsOf(choice.message);
  const finishReason = textOf(choice.finish_reason);
  const content = {
    text: contentOf(message?.content),
    finishReason,
    usage: usageOf(answer.usage),
    ttftMs: null,
  };
  return { content, failure: failureIn(choice, message, finishReason) };
}

/** Plain text, or the text among the parts of a list (Mistral, Gemini's compatible server). */
function contentOf(content: unknown): string | null {
  const parts = listOf(content);
  if (!parts) return textOf(content);
  const texts = parts.map((part) => textOf(fieldsOf(part)?.text)).filter((part) => part !== null);
  return texts.length > 0 ? texts.join('') : null;
}

function usageOf(usage: unknown): Usage | null {
  const counts = fieldsOf(usage);
  return counts && { inputTokens: numberOf(counts.prompt_tokens), outputTokens: numberOf(counts.completion_tokens) };
}

/** An answer may be no answer: a refusal, or an error that a gateway has put into its choice. */
function failureIn(choice: Fields, message: Fields | null, finishReason: string | null): Failure | null {
  const refusal = textOf(message?.refusal);
  if (refusal) return new Failure('refused', `the model declined to answer: ${oneLine(refusal)}`);
  if (finishReason === 'content_filter') {
    return new Failure('refused', "the provider's content filter stopped the answer (finish_reason content_filter)");
  }
  const error = fieldsOf(choice.error);
  if (error || finishReason === 'error') {
    const reason = textOf(error?.message) ?? 'no reason given';
    return new Failure('http', `the provider broke off the answer: ${oneLine(reason)}`, { retryable: true });
  }
  return null;
}

function undecodable(what: string, text: string): Reading<Completion> {
  const message = `expected a chat completion, got ${what}: ${oneLine(text) || 'nothing'}`;
  return { content: null, failure: new Failure('decode', message, { phase: 'body' }) };
}

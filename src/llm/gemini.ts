import type { PromptTask } from '../record/prompt.ts';
import { belowVersion, createAsk, given, type Header, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import type { Draft } from './draft.ts';
import { conversationOf, toolsOf, toolWords } from './gemini-turns.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from './json-fields.ts';
import { createReader, type Dialect } from './reader.ts';
import { choiceIn } from './tools.ts';

/** Google's Gemini: POST {base}/v1beta/models/MODEL:streamGenerateContent. The key is a header, never in the URL. */
export function gemini(settings: ModelSettings): Codec {
  const { model, key, maxTokens, temperature, schema } = settings;
  const name = (model.includes('/') ? model : `models/${model}`).split('/').map(encodeURIComponent).join('/');
  const url = belowVersion(settings.baseUrl, 'v1beta', `/${name}:streamGenerateContent`);
  url.searchParams.set('alt', 'sse');
  const keyHeader: Header[] = key ? [['x-goog-api-key', key.value]] : [];
  const ask = createAsk(url, settings, keyHeader);
  const server = serverOf(settings);
  const format = schema && { responseMimeType: 'application/json', responseJsonSchema: schema };
  const config = given({ temperature, maxOutputTokens: maxTokens, ...format });
  const common = Object.keys(config).length > 0 ? { generationConfig: config } : {};

  const bodyOf = (task: PromptTask) => {
    const tools = given({ tools: toolsOf(task), toolConfig: choiceIn(task, toolWords) });
    return withParams({ ...conversationOf(task), ...tools, ...common }, settings);
  };

  return {
    provider: 'gemini',
    bodyOf,
    requestOf: (task) => ask(bodyOf(task)),
    open: (head) => createReader(head, dialect, server),
  };
}

const dialect: Dialect = {
  answer: 'what Gemini generates',
  endsWithReason: true,
  take(said, draft) {
    const candidate = listOf(said.candidates)
      ?.map(fieldsOf)
      .find((one) => one && (one.index ?? 0) === 0);
    if (candidate) takeCandidate(candidate, draft);
    takeFeedback(fieldsOf(said.promptFeedback), draft);
    takeUsage(fieldsOf(said.usageMetadata), draft);
  },
};

/** Reasons of the filters, for texts and images (finishReason). */
const filters =
  /^(?:SAFETY|RECITATION|BLOCKLIST|PROHIBITED_CONTENT|SPII|MODEL_ARMOR|IMAGE_(?:SAFETY|RECITATION|PROHIBITED_CONTENT))$/;

function takeCandidate({ content, finishReason }: Fields, draft: Draft): void {
  for (const part of listOf(fieldsOf(content)?.parts)?.map(fieldsOf) ?? []) {
    if (part?.thought !== true) draft.say(part?.text);
    const call = fieldsOf(part?.functionCall);
    if (call) draft.calls.take(null, { ...call, input: call.args, signature: part?.thoughtSignature });
  }
  const reason = textOf(finishReason);
  if (!reason || reason === 'FINISH_REASON_UNSPECIFIED') return;
  draft.finish(reason);
  if (filters.test(reason)) draft.filter = `finishReason ${reason}`;
}

/** A prompt that the filter does not let pass has no candidates. */
function takeFeedback(feedback: Fields | null, draft: Draft): void {
  const reason = textOf(feedback?.blockReason);
  if (!reason || reason === 'BLOCK_REASON_UNSPECIFIED') return;
  draft.finish(reason);
  draft.filter = `blockReason ${reason}`;
}

/** Totals so far, in each event. Thoughts are counted apart from the answer, and are output as much as it is. */
function takeUsage(usage: Fields | null, draft: Draft): void {
  if (!usage) return;
  const answer = numberOf(usage.candidatesTokenCount);
  const thoughts = numberOf(usage.thoughtsTokenCount);
  draft.count(usage.promptTokenCount, answer === null && thoughts === null ? null : (answer ?? 0) + (thoughts ?? 0));
}

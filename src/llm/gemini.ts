import { compactJson } from '../record/compact-json.ts';
import { parseExactJson } from '../record/json.ts';
import type { PromptTask } from '../record/prompt.ts';
import { belowVersion, createAsk, given, type Header, serverOf, withParams } from './ask.ts';
import type { Codec, ModelSettings } from './codec.ts';
import type { Draft } from './draft.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf, without } from './json-fields.ts';
import type { Part } from './parts.ts';
import { createReader, type Dialect } from './reader.ts';
import { choiceIn, type ToolWords, toolsIn } from './tools.ts';
import { type Call, grouped, type Turn, textIn, turnsOf, wrong } from './turns.ts';

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
    const turns = turnsOf(task.messages ?? [], 'Gemini');
    const contents = grouped(turns.filter(({ role }) => role !== 'system')).map(contentOf);
    const system = turns.filter(({ role }) => role === 'system').flatMap(piecesOf);
    const instruction = system.length > 0 ? { systemInstruction: { parts: system } } : {};
    const tools = given({ tools: toolsOf(task), toolConfig: choiceIn(task, words) });
    return withParams({ contents, ...instruction, ...tools, ...common }, settings);
  };

  return {
    provider: 'gemini',
    bodyOf,
    requestOf: (task) => ask(bodyOf(task)),
    open: (head) => createReader(head, dialect, server),
  };
}

/** A turn, or the results of several tools: they are parts of one. */
function contentOf(turns: readonly Turn[]): unknown {
  const [turn] = turns;
  if (!turn || turn.role === 'tool') return { role: 'user', parts: turns.map(resultOf) };
  return {
    role: turn.role === 'assistant' ? 'model' : turn.role,
    parts: [...piecesOf(turn), ...turn.calls.map(callOf)],
    ...without(turn.more, 'parts'),
  };
}

/** A message may be written in Gemini's way already. */
function piecesOf(turn: Turn): readonly unknown[] {
  const { more, parts, calls } = turn;
  const said = parts.filter((part) => calls.length === 0 || part.kind !== 'text' || part.text !== '');
  return listOf(more.parts) ?? said.map((part) => pieceOf(part, turn));
}

/** What the documents have for calls that Gemini has not signed, since another model made them. */
const unsigned = 'skip_thought_signature_validator';

/** The first of several calls at once is the one that is signed. */
function callOf({ id, name, input, signature }: Call, nth: number): unknown {
  const thoughtSignature = signature ?? (nth === 0 ? unsigned : null);
  return { functionCall: { ...given({ id }), name, args: input }, ...given({ thoughtSignature }) };
}

/** An object is wanted: a result that is none becomes one. */
function resultOf(turn: Turn): unknown {
  const { callId: id, toolName: name, place } = turn;
  if (name === null) return wrong(place, 'Gemini wants to know whose result it is: no tool call before it has that id');
  const text = textIn(turn, 'Gemini takes only text as the result of a tool');
  const json = compactJson(text);
  const response = json?.startsWith('{') ? parseExactJson(json) : { output: text };
  return { functionResponse: { ...given({ id }), name, response } };
}

function pieceOf(part: Part, { place }: Turn): unknown {
  switch (part.kind) {
    case 'text':
      return { text: part.text };
    case 'image':
      return { inlineData: { mimeType: part.mediaType, data: part.base64 } };
    case 'image link':
      return { fileData: { fileUri: part.url } };
    case 'audio':
      return { inlineData: { mimeType: `audio/${part.format}`, data: part.base64 } };
    case 'file':
      if (!part.file)
        return wrong(place, "OpenAI's files are not Gemini's: embed it, in file_data: data:application/pdf;base64,…");
      return { inlineData: { mimeType: part.file.mediaType, data: part.file.base64 } };
    case 'other':
      return part.value;
  }
}

const words: ToolWords = {
  tool: ({ name, description, parameters }) => ({ name, ...given({ description, parametersJsonSchema: parameters }) }),
  choice: {
    auto: { functionCallingConfig: { mode: 'AUTO' } },
    none: { functionCallingConfig: { mode: 'NONE' } },
    required: { functionCallingConfig: { mode: 'ANY' } },
    one: (name) => ({ functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [name] } }),
  },
};

/** Functions stand together in one tool, others beside it. */
function toolsOf(task: PromptTask): unknown[] | null {
  const own = task.tools?.list?.filter(({ type }) => type !== 'function') ?? [];
  const functions = task.tools?.list?.filter(({ type }) => type === 'function') ?? [];
  const functionDeclarations = toolsIn({ ...task, tools: { list: functions, choice: null } }, words);
  const tools = functions.length > 0 ? [{ functionDeclarations }, ...own] : own;
  return tools.length > 0 ? tools : null;
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

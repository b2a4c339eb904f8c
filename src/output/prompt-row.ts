import type { Result } from '../record/job.ts';
import { escapeUnsafe } from '../record/json.ts';
import type { Completion, PromptAnswer, PromptTask, ToolCall, Usage } from '../record/prompt.ts';
import { createMask, type Mask } from '../record/secrets.ts';
import { attemptLog, createStamp, error, headers, inputOf, millis, string, timings } from './row-fields.ts';

/** What a row of `prompt` may show beyond its usual fields. */
export const promptIncludes = ['headers', 'timings', 'attempts', 'input'] as const;
export type PromptInclude = (typeof promptIncludes)[number];

export type PromptRowOptions = {
  include: ReadonlySet<PromptInclude>;
  provider: string;
  /** As it was asked for: the same in every row of a run, also in those that failed. */
  model: string;
  /** Values that must not appear. */
  secrets: readonly string[];
  /** Rows have `json`: the text as JSON, where it fits the schema. */
  hasJson: boolean;
  /** Unix milliseconds. */
  now: () => number;
};

export type PromptResult = Result<PromptTask, PromptAnswer>;

/** Servers that need no key are given words such as `test`: those stand in answers and prompts, and are no secret there. */
const shortestKey = 16;

/** The secrets that may not stand in what models and people say. */
export function spokenSecrets(secrets: readonly string[]): string[] {
  return secrets.filter((secret) => secret.length >= shortestKey);
}

/** Writes a result as its row: one line of JSON without the line end, fields in the order of prompt-row.schema.json. */
export function createPromptRow(options: PromptRowOptions): (result: PromptResult) => string {
  const { include, secrets, hasJson, now } = options;
  const mask = createMask(secrets);
  const keyMask = createMask(spokenSecrets(secrets));
  const model = `"provider":${string(options.provider, null)},"model":${string(options.model, null)}`;
  const stamp = createStamp();

  return (result) => {
    const { job, value, failure } = result;
    const { input } = job.payload;
    const { text, finishReason, usage, toolCalls, ttftMs, json = null } = value?.content ?? nothing;
    let row = `{"index":${job.index},"id":${string(job.id, keyMask)},"ok":${failure === null},${model}`;
    row += `,"text":${string(text, keyMask)}`;
    if (hasJson) row += `,"json":${inputOf(json, keyMask)}`;
    if (toolCalls) row += `,"tool_calls":[${toolCalls.map((call) => callOf(call, keyMask)).join()}]`;
    row += `,"finish_reason":${string(finishReason, mask)},"usage":${usageOf(usage)}`;
    row += `,"status":${value?.status ?? null},"attempts":${result.attempts},"duration_ms":${millis(result.durationMs)}`;
    row += `,"ttft_ms":${millis(ttftMs)}`;
    if (include.has('headers')) row += `,"headers":${headers(value?.headers, mask)}`;
    row += `,"timestamp":"${stamp(now())}"`;
    if (include.has('timings')) row += `,"timings":${timings(result)}`;
    if (include.has('attempts')) row += `,"attempt_log":${attemptLog(result, mask)}`;
    if (include.has('input')) row += `,"input":${inputOf(input, keyMask)}`;
    if (job.key !== undefined) row += `,"key":"${job.key}"`;
    return escapeUnsafe(`${row},"error":${error(failure, mask)}}`);
  };
}

const nothing: Completion = { text: null, finishReason: null, usage: null, ttftMs: null };

/** In the form in which OpenAI wants it back, whoever has answered. */
function callOf({ id, name, arguments: json, signature }: ToolCall, mask: Mask | null): string {
  const called = `{"name":${string(name, mask)},"arguments":${string(json, mask)}}`;
  const signed =
    signature === null ? '' : `,"extra_content":{"google":{"thought_signature":${string(signature, mask)}}}`;
  return `{"id":${string(id, mask)},"type":"function","function":${called}${signed}}`;
}

function usageOf(usage: Usage | null): string {
  return usage ? `{"input_tokens":${usage.inputTokens},"output_tokens":${usage.outputTokens}}` : 'null';
}

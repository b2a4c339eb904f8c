import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ToolCall } from '../../src/record/prompt.ts';

const folder = fileURLToPath(new URL('transcripts', import.meta.url));

export type Transcript = {
  readonly file: string;
  /** The codec: `openai`, `openai:responses`, `gemini` … */
  readonly codec: string;
  readonly text: string | null;
  readonly finishReason: string | null;
  readonly usage: readonly [input: number | null, output: number | null];
  readonly toolCalls?: readonly ToolCall[];
  readonly bytes: Buffer;
  /** Where the end mark is whole, so that what follows does not count; null where only the body's end is one. */
  readonly endsWith: string | null;
};

type Told = Pick<Transcript, 'text' | 'finishReason' | 'usage' | 'endsWith' | 'toolCalls'>;

function of(codec: string, file: string, told: Told): Transcript {
  return { codec, file, ...told, bytes: readFileSync(join(folder, file)) };
}

const stop = 'stop';
const done = '[DONE]\n\n';

const warmth = { id: null, name: 'warmth', arguments: '{"place":"Zürich","n":1.50}', signature: null };
const time = { id: null, name: 'time', arguments: '{}', signature: null };
const anthropicCalls = [
  { ...warmth, id: 'toolu_1' },
  { ...time, id: 'toolu_2' },
];

/** Answers as servers send them, in their quirks; the words are ours. */
export const transcripts: readonly Transcript[] = [
  of('openai', 'openai-chat.sse', {
    text: 'Größe: 😀 日本 and 🦀.',
    finishReason: stop,
    usage: [19, 10],
    endsWith: done,
  }),
  of('openai', 'azure.sse', { text: 'Oslo, Rom', finishReason: stop, usage: [11, 4], endsWith: done }),
  of('openai', 'openrouter.sse', {
    text: 'Three rivers',
    finishReason: stop,
    usage: [7, 33],
    endsWith: '[DONE]\r\n\r',
  }),
  of('openai', 'groq.sse', { text: 'Po!', finishReason: stop, usage: [38, 3], endsWith: done }),
  of('openai', 'mistral.sse', { text: 'Elbe und Oder', finishReason: 'length', usage: [10, 50], endsWith: done }),
  of('openai', 'deepseek.sse', { text: 'Yes', finishReason: stop, usage: [8, 21], endsWith: done }),
  of('openai', 'perplexity.sse', { text: 'It is so', finishReason: stop, usage: [5, 3], endsWith: null }),
  of('openai', 'snowflake.sse', { text: 'Well met', finishReason: null, usage: [13, 2], endsWith: done }),
  of('openai', 'tools.sse', {
    text: null,
    finishReason: 'tool_calls',
    usage: [50, 9],
    endsWith: done,
    toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a":1}', signature: null }],
  }),
  of('openai:responses', 'openai-responses-tools.sse', {
    text: null,
    finishReason: 'completed',
    usage: [40, 33],
    endsWith: '\n\n',
    toolCalls: [
      { ...warmth, id: 'call_1' },
      { ...time, id: 'call_2' },
    ],
  }),
  of('anthropic', 'anthropic-tools.sse', {
    text: 'I look.',
    finishReason: 'tool_use',
    usage: [40, 33],
    endsWith: '\n\n',
    toolCalls: anthropicCalls,
  }),
  of('anthropic', 'anthropic-tools.json', {
    text: 'I look.',
    finishReason: 'tool_use',
    usage: [40, 33],
    endsWith: null,
    toolCalls: anthropicCalls,
  }),
  of('gemini', 'gemini-tools.sse', {
    text: null,
    finishReason: 'STOP',
    usage: [40, 33],
    endsWith: null,
    toolCalls: [
      { ...warmth, signature: 'c2lnbmVk' },
      { ...time, id: 'g2' },
    ],
  }),
  of('ollama', 'ollama-tools.ndjson', {
    text: '',
    finishReason: stop,
    usage: [40, 33],
    endsWith: '\n',
    toolCalls: [warmth, { ...time, id: 'call_2' }],
  }),
  of('openai', 'openai-chat.json', { text: 'Whole 🧩', finishReason: stop, usage: [9, 12], endsWith: null }),
  of('openai:responses', 'openai-responses.sse', {
    text: 'Zürich 🏔️ is it',
    finishReason: 'completed',
    usage: [14, 27],
    endsWith: '\n\n',
  }),
  of('openai:responses', 'openai-responses-incomplete.sse', {
    text: 'One, two',
    finishReason: 'max_output_tokens',
    usage: [14, 27],
    endsWith: '\n\n',
  }),
  of('openai:responses', 'openai-responses.json', {
    text: 'Whole 🧩',
    finishReason: 'completed',
    usage: [14, 27],
    endsWith: null,
  }),
  of('anthropic', 'anthropic.sse', {
    text: 'Hello, 世界 🎉',
    finishReason: 'end_turn',
    usage: [61, 29],
    endsWith: '\n\n',
    toolCalls: [{ id: 't1', name: 'f', arguments: '{"a":1}', signature: null }],
  }),
  of('anthropic', 'anthropic.json', { text: 'Whole 🧩', finishReason: 'max_tokens', usage: [9, 12], endsWith: null }),
  of('gemini', 'gemini.sse', { text: 'Der Rhein 🌊 fließt', finishReason: 'STOP', usage: [6, 44], endsWith: null }),
  of('gemini', 'gemini-list.json', {
    text: 'Der Rhein 🌊 fließt',
    finishReason: 'STOP',
    usage: [6, 44],
    endsWith: null,
  }),
  of('gemini', 'gemini.json', { text: 'Whole 🧩', finishReason: 'MAX_TOKENS', usage: [9, 12], endsWith: null }),
  of('ollama', 'ollama.ndjson', { text: 'Vier Äpfel 🍏', finishReason: stop, usage: [26, 12], endsWith: '\n' }),
  of('ollama', 'ollama.json', { text: 'Whole 🧩', finishReason: stop, usage: [9, 12], endsWith: null }),
];

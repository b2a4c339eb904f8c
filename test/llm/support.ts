import type { AnswerReader, Codec, ModelSettings } from '../../src/llm/codec.ts';
import { codecOf, type Provider } from '../../src/llm/codecs.ts';
import type { Failure } from '../../src/record/failure.ts';
import type { Message, ToolWish } from '../../src/record/prompt.ts';
import type { HttpHeaders } from '../../src/record/request.ts';

export type Given = Partial<Omit<ModelSettings, 'baseUrl'>> & { baseUrl?: string };

export const hello: readonly Message[] = [{ role: 'user', content: 'hello' }];

export function settingsOf({ baseUrl = 'https://llm.example', ...others }: Given = {}): ModelSettings {
  const common = { model: 'some-model', key: null, maxTokens: null, temperature: null, params: {} };
  return { ...common, headers: [['user-agent', 'test']], ...others, baseUrl: new URL(baseUrl) };
}

/** The request that a codec makes of messages, its body as JSON too. */
export function asked(
  provider: Provider,
  given: Given = {},
  messages: readonly Message[] = hello,
  tools: ToolWish | null = null,
) {
  const request = codecOf(provider, settingsOf(given)).requestOf({ messages, tools, lane: null, input: null });
  const pairs = request.headers.reduce<[string, string][]>((all, text, at) => {
    if (at % 2 === 0) all.push([text, request.headers[at + 1] ?? '']);
    return all;
  }, []);
  const json = JSON.parse(String(request.body)) as Record<string, unknown>;
  return { ...request, sent: Object.fromEntries(pairs), text: String(request.body), json };
}

export type Head = { status?: number; headers?: HttpHeaders };

/** Opens an answer of a codec with common settings. */
export function open(provider: Provider, given: Given = {}, { status = 200, headers = {} }: Head = {}): AnswerReader {
  return codecOf(provider, settingsOf(given)).open({ status, headers });
}

/** Reads an answer in these pieces; `told` is what was told of it on the way. */
export function readIn(reader: AnswerReader, pieces: Iterable<Uint8Array>, cut: Failure | null = null) {
  const told: string[] = [];
  for (const piece of pieces) told.push(reader.push(piece));
  return { ...reader.end(cut), told };
}

/** Reads an answer in one piece; what is no text is written as JSON. */
export function read(provider: Provider, body: unknown, { given = {}, ...head }: Head & { given?: Given } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readIn(open(provider, given, head), [Buffer.from(text)]);
}

/** Events as most servers send them. */
export function sse(...events: readonly unknown[]): string {
  return events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
}

export function codecNamed(name: string): Codec {
  const [provider = '', api] = name.split(':');
  return codecOf(provider as Provider, settingsOf(api === 'responses' ? { api } : {}));
}

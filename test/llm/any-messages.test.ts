import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';
import { parseExactJson } from '../../src/record/json.ts';
import type { Message } from '../../src/record/prompt.ts';
import { codecNamed } from './support.ts';

const codecs = ['openai', 'openai:responses', 'anthropic', 'gemini', 'ollama'].map(codecNamed);

/** JSON as records have it: numbers that JavaScript would write otherwise are kept raw. */
const exact = (json: fc.Arbitrary<unknown>) =>
  json.map((value) => parseExactJson(JSON.stringify(value ?? null).replaceAll('"raw"', '1.0')));
const any = fc.oneof(fc.constant('raw'), fc.jsonValue({ maxDepth: 2 }));

const part = fc.oneof(
  any,
  fc.record({
    type: fc.constantFrom('text', 'image_url', 'input_audio', 'file', 'refusal', 'x'),
    text: any,
    image_url: fc.oneof(any, fc.record({ url: fc.constantFrom('data:image/png;base64,AA', 'https://x', 'raw') })),
    input_audio: any,
    file: fc.oneof(any, fc.record({ file_data: any })),
    refusal: any,
  }),
);
const call = fc.oneof(
  any,
  fc.record({ id: any, function: fc.oneof(any, fc.record({ name: any, arguments: fc.oneof(any, fc.json()) })) }),
);
const message = fc.record(
  {
    role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'model', 'x'),
    content: fc.oneof(any, fc.array(part)),
    name: fc.option(any, { nil: null }),
    tool_calls: fc.oneof(any, fc.array(call)),
    tool_call_id: any,
    refusal: any,
    parts: any,
  },
  { requiredKeys: ['role'] },
);
const tool = fc.record({ type: fc.constantFrom('function', 'x'), function: fc.oneof(any, fc.record({ name: any })) });

test('messages and tools of any shape become a request, or a Failure `input`', () => {
  const said = fc.tuple(exact(fc.array(message, { minLength: 1, maxLength: 4 })), exact(fc.array(tool)), exact(any));
  let requests = 0;
  fc.assert(
    fc.property(fc.constantFrom(...codecs), said, (codec, [messages, list, choice]) => {
      const tools = { list: list as Record<string, unknown>[], choice };
      try {
        const { body } = codec.requestOf({ messages: messages as Message[], tools, lane: null, input: null });
        JSON.parse(String(body));
        requests += 1;
      } catch (failure) {
        expect(failure).toBeInstanceOf(Failure);
        expect(failure).toMatchObject({ code: 'input', retryable: false });
      }
    }),
    { numRuns: 3000 },
  );
  expect(requests).toBeGreaterThan(100);
});

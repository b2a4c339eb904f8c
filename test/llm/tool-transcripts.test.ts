import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';
import { parseExactJson } from '../../src/record/json.ts';
import type { Message } from '../../src/record/prompt.ts';
import { asked } from './support.ts';

const call = (id: string, name: string, json: string) => ({
  id,
  type: 'function',
  function: { name, arguments: json },
});
const places = '{"place":"Oslo","n":12345678901234567890,"x":1.50}';
const result = (id: string, content: unknown) => ({ role: 'tool', tool_call_id: id, content });

/** As OpenAI has it: two calls at once, their results, and the answer. */
const transcript: readonly Message[] = [
  { role: 'user', content: 'how warm?' },
  { role: 'assistant', content: null, tool_calls: [call('c1', 'warmth', places), call('c:2', 'time', '')] },
  result('c1', '{"degrees":7.0}'),
  result('c:2', 'noon'),
  { role: 'assistant', content: 'Seven.', refusal: null, annotations: [] },
  { role: 'user', content: 'and now?' },
];

describe('a transcript with tool calls', () => {
  test('becomes tool_use and tool_result blocks for Anthropic, the results of one turn in one message', () => {
    const { json, text } = asked('anthropic', {}, transcript);
    expect(json.messages).toMatchObject([
      { role: 'user', content: 'how warm?' },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'c1', name: 'warmth', input: { place: 'Oslo' } },
          { type: 'tool_use', id: 'c_2', name: 'time', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'c1', content: '{"degrees":7.0}' },
          { type: 'tool_result', tool_use_id: 'c_2', content: 'noon' },
        ],
      },
      { role: 'assistant', content: 'Seven.' },
      { role: 'user', content: 'and now?' },
    ]);
    expect((json.messages as unknown[]).length).toBe(5);
    expect(text).toContain('"n":12345678901234567890,"x":1.50');
  });

  test('becomes functionCall and functionResponse parts for Gemini, calls of other models marked as unsigned', () => {
    const { json, text } = asked('gemini', {}, transcript);
    expect(json.contents).toMatchObject([
      { role: 'user', parts: [{ text: 'how warm?' }] },
      {
        role: 'model',
        parts: [
          {
            functionCall: { id: 'c1', name: 'warmth', args: { place: 'Oslo' } },
            thoughtSignature: 'skip_thought_signature_validator',
          },
          { functionCall: { id: 'c:2', name: 'time', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'c1', name: 'warmth', response: { degrees: 7 } } },
          { functionResponse: { id: 'c:2', name: 'time', response: { output: 'noon' } } },
        ],
      },
      { role: 'model', parts: [{ text: 'Seven.' }] },
      { role: 'user', parts: [{ text: 'and now?' }] },
    ]);
    expect(text).toContain('"n":12345678901234567890,"x":1.50');
    expect(text).toContain('"degrees":7.0');
  });

  test('gives Gemini back what it has signed', () => {
    const signed = { ...call('c1', 'time', '{}'), extra_content: { google: { thought_signature: 'c2ln' } } };
    const { json } = asked('gemini', {}, [{ role: 'assistant', content: '', tool_calls: [signed] }]);
    expect(json.contents).toEqual([
      {
        role: 'model',
        parts: [{ functionCall: { id: 'c1', name: 'time', args: {} }, thoughtSignature: 'c2ln' }],
      },
    ]);
  });

  test('becomes calls with arguments as objects for Ollama, and results with the tool’s name', () => {
    const { json, text } = asked('ollama', {}, transcript);
    expect((json.messages as Message[]).slice(1, 4)).toMatchObject([
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'c1', function: { name: 'warmth', arguments: { place: 'Oslo' } } },
          { id: 'c:2', function: { name: 'time', arguments: {} } },
        ],
      },
      { role: 'tool', content: '{"degrees":7.0}', tool_name: 'warmth', tool_call_id: 'c1' },
      { role: 'tool', content: 'noon', tool_name: 'time', tool_call_id: 'c:2' },
    ]);
    expect(text).toContain('"n":12345678901234567890,"x":1.50');
  });

  test('becomes function_call and function_call_output items for OpenAI’s Responses', () => {
    const { json } = asked('openai', { api: 'responses' }, transcript);
    expect((json.input as unknown[]).slice(1)).toEqual([
      { type: 'function_call', call_id: 'c1', name: 'warmth', arguments: places },
      { type: 'function_call', call_id: 'c:2', name: 'time', arguments: '' },
      { type: 'function_call_output', call_id: 'c1', output: '{"degrees":7.0}' },
      { type: 'function_call_output', call_id: 'c:2', output: 'noon' },
      { role: 'assistant', content: 'Seven.' },
      { role: 'user', content: 'and now?' },
    ]);
  });

  test('goes to OpenAI’s chat as it is', () => {
    expect(asked('openai', {}, transcript).json.messages).toEqual(transcript);
  });

  test('keeps what is said beside a call', () => {
    const said = [{ role: 'assistant', content: 'I look.', tool_calls: [call('c1', 'time', '{}')] }];
    expect(asked('anthropic', {}, said).json.messages).toMatchObject([
      { content: [{ type: 'text', text: 'I look.' }, { type: 'tool_use' }] },
    ]);
    expect(asked('gemini', {}, said).json.contents).toMatchObject([
      { parts: [{ text: 'I look.' }, { functionCall: { name: 'time' } }] },
    ]);
    expect(asked('openai', { api: 'responses' }, said).json.input).toMatchObject([
      { role: 'assistant', content: 'I look.' },
      { type: 'function_call' },
    ]);
  });
});

function failureOf(provider: 'anthropic' | 'gemini' | 'ollama', ...messages: Message[]): string {
  try {
    asked(provider, {}, messages);
  } catch (failure) {
    if (failure instanceof Failure && failure.code === 'input') return failure.message;
    throw failure;
  }
  return 'nothing failed';
}

describe.each(['anthropic', 'gemini', 'ollama'] as const)('%s is not told half', (provider) => {
  test.each([
    ['[]', 'the arguments for f are no JSON object'],
    ['{"a":', 'the arguments for f are no JSON object'],
    ['1.50', 'the arguments for f are no JSON object'],
  ])('when arguments are %s', (json, told) => {
    const message = failureOf(
      provider,
      { role: 'user', content: 'x' },
      { role: 'assistant', tool_calls: [call('c', 'f', json)] },
    );
    expect(message).toBe(`messages[1]: ${told}`);
  });

  test.each([
    [{ role: 'critic', content: 'x' }, /knows no role `critic`/],
    [{ role: 'user', name: 'Ada', content: 'x' }, /has no `name`/],
    [{ role: 'assistant', function_call: { name: 'f', arguments: '{}' } }, /old form/],
    [{ role: 'assistant', audio: { id: 'a1' } }, /`audio`/],
    [
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'f', input: '' } }] },
      /expected tool calls with `function`/,
    ],
    [{ role: 'assistant', tool_calls: 'f' }, /must be a list/],
    [{ role: 'user', content: 'x', tool_calls: [call('c', 'f', '{}')] }, /only an assistant/],
  ])('of %o', (message, told) => {
    expect(failureOf(provider, message)).toMatch(told);
    expect(failureOf(provider, message)).toMatch(/^messages\[0\]: /);
  });
});

test('whose a result is must be known', () => {
  expect(failureOf('gemini', result('c9', 'x'))).toContain('no tool call before it has that id');
  expect(failureOf('ollama', result('c9', 'x'))).toContain('no tool call before it has that id');
  expect(failureOf('anthropic', { role: 'tool', content: 'x' })).toContain('`tool_call_id`');
  const named = { role: 'tool', name: 'time', content: 'noon' };
  expect(asked('gemini', {}, [named]).json.contents).toEqual([
    { role: 'user', parts: [{ functionResponse: { name: 'time', response: { output: 'noon' } } }] },
  ]);
});

const tools = [
  { type: 'function', function: { name: 'time', description: 'what time it is', parameters: { type: 'object' } } },
  { type: 'function', function: { name: 'dice' } },
];

describe('tools of a record', () => {
  test('are said in each provider’s words', () => {
    const wish = { list: tools, choice: 'required' };
    expect(asked('openai', {}, undefined, wish).json).toMatchObject({ tools, tool_choice: 'required' });
    expect(asked('openai', { api: 'responses' }, undefined, wish).json).toMatchObject({
      tools: [
        { type: 'function', name: 'time', description: 'what time it is', parameters: { type: 'object' } },
        { type: 'function', name: 'dice', strict: false },
      ],
      tool_choice: 'required',
    });
    expect(asked('anthropic', {}, undefined, wish).json).toMatchObject({
      tools: [
        { name: 'time', description: 'what time it is', input_schema: { type: 'object' } },
        { name: 'dice', input_schema: { type: 'object' } },
      ],
      tool_choice: { type: 'any' },
    });
    expect(asked('gemini', {}, undefined, wish).json).toMatchObject({
      tools: [
        {
          functionDeclarations: [
            { name: 'time', description: 'what time it is', parametersJsonSchema: { type: 'object' } },
            { name: 'dice' },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    });
    expect(asked('ollama', {}, undefined, { list: tools, choice: null }).json).toMatchObject({ tools });
  });

  test('may be chosen by name', () => {
    const wish = { list: tools, choice: { type: 'function', function: { name: 'time' } } };
    expect(asked('openai', { api: 'responses' }, undefined, wish).json.tool_choice).toEqual({
      type: 'function',
      name: 'time',
    });
    expect(asked('anthropic', {}, undefined, wish).json.tool_choice).toEqual({ type: 'tool', name: 'time' });
    expect(asked('gemini', {}, undefined, wish).json.toolConfig).toEqual({
      functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['time'] },
    });
    expect(() => asked('ollama', {}, undefined, wish)).toThrow('tool_choice: Ollama knows only auto');
  });

  test('that are a provider’s own stay as they are', () => {
    const own = { type: 'web_search_20250305', name: 'web_search' };
    expect(asked('anthropic', {}, undefined, { list: [own], choice: null }).json.tools).toEqual([own]);
    const search = { googleSearch: {} };
    expect(asked('gemini', {}, undefined, { list: [search], choice: null }).json.tools).toEqual([search]);
  });

  test('keep the digits of their parameters', () => {
    const list = parseExactJson(
      '[{"type":"function","function":{"name":"f","parameters":{"maximum":1.0}}}]',
    ) as object[];
    for (const provider of ['openai', 'anthropic', 'gemini', 'ollama'] as const) {
      const wish = { list: list as Record<string, unknown>[], choice: null };
      expect(asked(provider, {}, undefined, wish).text).toContain('"maximum":1.0');
    }
  });
});

import { describe, expect, test } from 'vitest';
import { read, sse } from './support.ts';

const chunk = (...calls: object[]) => ({ choices: [{ index: 0, delta: { tool_calls: calls } }] });
const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] };
const called = (id: string | null, name: string, json: unknown) => ({ id, function: { name, arguments: json } });
const said = (id: string | null, name: string, json: string) => ({ id, name, arguments: json, signature: null });

/** What became of the calls in an answer. */
function callsIn(...events: object[]) {
  const { content, failure } = read('openai', sse(...events, stop));
  return [failure, content?.toolCalls];
}

describe('calls of OpenAI’s kind', () => {
  test('are put together by their index', () => {
    const pieces = [
      chunk({ index: 0, ...called('a', 'f', '{"x"') }, { index: 1, ...called('b', 'g', '') }),
      chunk({ index: 1, function: { arguments: '{}' } }),
      chunk({ index: 0, function: { arguments: ':1}' } }),
    ];
    expect(callsIn(...pieces)).toEqual([null, [said('a', 'f', '{"x":1}'), said('b', 'g', '{}')]]);
  });

  test('are several where servers give them one index, or none', () => {
    const both = [said('a', 'f', '{}'), said('b', 'g', '{"y":2}')];
    const [one, other] = [called('a', 'f', '{}'), called('b', 'g', '{"y":2}')];
    expect(callsIn(chunk({ index: 0, ...one }), chunk({ index: 0, ...other }))).toEqual([null, both]);
    expect(callsIn(chunk(one), chunk(other))).toEqual([null, both]);
    expect(callsIn(chunk(one, other))).toEqual([null, both]);
  });

  test('may repeat their id and name in each piece', () => {
    const piece = (json: string) => chunk({ index: 0, ...called('a', 'f', json) });
    expect(callsIn(piece('{"x"'), piece(':1}'))).toEqual([null, [said('a', 'f', '{"x":1}')]]);
  });

  test('count once when the stream ends with the whole message', () => {
    const whole = { choices: [{ index: 0, message: { tool_calls: [called('a', 'f', '{}')] }, finish_reason: 'stop' }] };
    expect(callsIn(chunk({ index: 0, ...called('a', 'f', '{}') }), whole)).toEqual([null, [said('a', 'f', '{}')]]);
  });

  test('have their arguments as text where a server gives an object, digit for digit', () => {
    const body = '{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":{"n":1.0}}}]}}]}';
    expect(read('openai', body).content?.toolCalls).toEqual([said('a', 'f', '{"n":1.0}')]);
  });

  test('are as much as came where the stream breaks off', () => {
    const { content, failure } = read('openai', sse(chunk({ index: 0, ...called('a', 'f', '{"x"') })));
    expect([failure?.code, content?.toolCalls]).toEqual(['truncated', [said('a', 'f', '{"x"')]]);
  });

  test('of any shape make nothing throw', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    for (const calls of ['7', '[7,null,{}]', `[{"function":{"name":7,"arguments":{"a":${deep}}}}]`]) {
      const { content } = read('openai', `{"choices":[{"message":{"content":"x","tool_calls":${calls}}}]}`);
      expect(content?.text).toBe('x');
    }
  });
});

test('a call that a provider’s server made itself is not the caller’s', () => {
  const block = { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} };
  const events = [
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"q":1}' } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
    { type: 'message_stop' },
  ];
  expect(read('anthropic', sse(...events)).content).not.toHaveProperty('toolCalls');
});

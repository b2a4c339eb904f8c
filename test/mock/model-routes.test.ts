import { expect, test } from 'vitest';
import { handClock, start } from './start.ts';

const messages = [
  { role: 'system', content: 'be brief' },
  { role: 'user', content: [{ type: 'text', text: 'größe' }] },
];

async function chat(url: string, request: object | string) {
  const body = typeof request === 'string' ? request : JSON.stringify(request);
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

test('the model says back the last user message, and counts four characters a token', async () => {
  const { url } = await start();
  const { status, text } = await chat(url, { model: 'any', messages });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    object: 'chat.completion',
    model: 'any',
    choices: [{ message: { role: 'assistant', content: 'You said: größe' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 },
  });
});

test.each(['max_tokens', 'max_completion_tokens'])('%s cuts the answer', async (name) => {
  const { url } = await start();
  const { text } = await chat(url, { model: 'any', messages, [name]: 2 });
  expect(JSON.parse(text)).toMatchObject({
    choices: [{ message: { content: 'You said' }, finish_reason: 'length' }],
    usage: { completion_tokens: 2 },
  });
});

test('a stream is the same answer, token by token, with its usage when that was asked for', async () => {
  const { url } = await start();
  const { headers, text } = await chat(url, {
    model: 'any',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(headers.get('content-type')).toBe('text/event-stream');
  const events = text.split('\n\n').filter((event) => event !== '');
  expect(events.pop()).toBe('data: [DONE]');
  type Chunk = { choices: { delta: { content?: string }; finish_reason: string | null }[]; usage?: object };
  const chunks = events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Chunk);
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('You said: größe');
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 4 } });
});

test('the model’s name says how it fails', async () => {
  const { url } = await start();
  expect((await chat(url, { model: 'fail:503', messages })).status).toBe(503);
  const quota = await chat(url, { model: 'fail:quota', messages });
  expect([quota.status, JSON.parse(quota.text)]).toMatchObject([429, { error: { code: 'insufficient_quota' } }]);
  const rate = await chat(url, { model: 'fail:rate', messages });
  expect([rate.status, rate.headers.get('retry-after')]).toEqual([429, '1']);
  const error = await chat(url, { model: 'fail:error', messages });
  expect([error.status, JSON.parse(error.text)]).toMatchObject([200, { error: { type: 'server_error' } }]);
  const refusal = JSON.parse((await chat(url, { model: 'refuse', messages })).text);
  expect(refusal).toMatchObject({ choices: [{ message: { content: null, refusal: expect.any(String) } }] });
});

test('`slow:TIME` answers when the time is over', async () => {
  const clock = handClock();
  const { url } = await start({ clock });
  const answer = chat(url, { model: 'slow:2s', messages });
  await clock.asleep(1);
  expect(clock.sleepers[0]?.ms).toBe(2000);
  clock.sleepers[0]?.wake();
  expect((await answer).status).toBe(200);
});

test.each(['', 'x', '7', '{}', '{"model":"m"}', '{"model":"m","messages":[]}', '{"model":"fail:x","messages":[{}]}'])(
  'what is no request is answered 400: %s',
  async (body) => {
    const { url } = await start();
    expect((await chat(url, body)).status).toBe(400);
  },
);

test('`/v1/models` lists the models', async () => {
  const { url } = await start();
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toContain('echo');
});

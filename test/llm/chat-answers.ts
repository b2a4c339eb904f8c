import { json } from '../support/answers.ts';
import type { Call, Handler } from '../support/server.ts';

/** What a prompt asked, as the server saw it. */
export type Asked = { model: string; messages: { role: string; content: string }[] } & Record<string, unknown>;

export function askedOf(call: Call | undefined): Asked {
  return JSON.parse(call?.body ?? 'null') as Asked;
}

/** A chat completion with this text. */
export function says(text: string): Handler {
  return json(completion(text));
}

/** Says back the last message. */
export const echo: Handler = (call, response) => {
  says(askedOf(call).messages.at(-1)?.content ?? '')(call, response);
};

/** OpenAI's error body. */
export function refuses(status: number, error: object, headers: Record<string, string> = {}): Handler {
  return (_call, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error }));
  };
}

function completion(text: string): string {
  const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' };
  return JSON.stringify({ choices: [choice], usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 } });
}

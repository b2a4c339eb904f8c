import type { Handler } from './server.ts';

const head = { 'content-type': 'text/event-stream' };

/** The event of Chat Completions that brings this text. */
export function chunk(content: string, reason: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: reason }] })}\n\n`;
}

export const lastEvents = (usage = { prompt_tokens: 3, completion_tokens: 5 }): string =>
  `${chunk('', 'stop')}data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;

/** A whole streamed answer, sent at once. */
export function streams(...pieces: string[]): Handler {
  return (_call, response) => {
    response.writeHead(200, head).end(pieces.map((piece) => chunk(piece)).join('') + lastEvents());
  };
}

/** The pieces, and then a connection that breaks. */
export function breaksAfter(...pieces: string[]): Handler {
  return (_call, response) => {
    response.writeHead(200, head);
    response.write(pieces.map((piece) => chunk(piece)).join(''), () => response.socket?.destroy());
  };
}

/** Streamed answers whose pieces the test sends one by one. */
export type Speaker = {
  readonly handler: Handler;
  /** Sends this text in every answer that is open. */
  say(text: string): void;
  /** Ends them well. */
  finish(): void;
  /** Resolves when so many answers are open. */
  opened(count: number): Promise<void>;
};

export function speaker(): Speaker {
  const answers = new Set<Parameters<Handler>[1]>();
  const waiting = new Set<() => void>();
  return {
    handler(_call, response) {
      response.writeHead(200, head).flushHeaders();
      answers.add(response);
      response.on('close', () => answers.delete(response));
      for (const look of waiting) look();
    },
    say(text) {
      for (const response of answers) response.write(chunk(text));
    },
    finish() {
      for (const response of answers) response.end(lastEvents());
    },
    opened: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (answers.size < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

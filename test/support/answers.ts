import type { OutgoingHttpHeaders } from 'node:http';
import type { Call, Handler } from './server.ts';

type Content = string | Uint8Array;

/** Always this answer; the content type is text unless a header says otherwise. */
export function reply(status: number, content: Content = '', headers: OutgoingHttpHeaders = {}): Handler {
  return (_call, response) => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(content);
  };
}

/** JSON text as it is, each digit kept. */
export function json(text: string, status = 200): Handler {
  return reply(status, text, { 'content-type': 'application/json' });
}

export function redirect(location: string, status = 302): Handler {
  return reply(status, 'moved', { location });
}

/** The nth call of the path gets the nth answer; the last one stays. */
export function inTurn(...handlers: [Handler, ...Handler[]]): Handler {
  return (call, response) => {
    const handler = handlers[Math.min(call.nth, handlers.length) - 1] ?? handlers[0];
    handler(call, response);
  };
}

/** The same answer, so much later. */
export function late(ms: number, handler: Handler): Handler {
  return (call, response) => {
    const timer = setTimeout(() => handler(call, response), ms);
    response.on('close', () => clearTimeout(timer));
  };
}

/** Says back, as JSON, what it was asked. */
export function echo(): Handler {
  return (call, response) => {
    const { method, path, headers, body } = call;
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ method, path, headers, body }));
  };
}

/** Breaks the connection without a word. */
export const hangUp: Handler = (_call, response) => {
  response.socket?.destroy();
};

/** The head and a piece of the body, then silence. */
export const stall: Handler = (_call, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' }).write('the first bytes ');
};

/** A byte every few milliseconds, for ever. */
export const drip: Handler = (_call, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(() => response.write('.'), 5);
  response.on('close', () => clearInterval(timer));
};

/** Answers that wait until the test lets them go, oldest first. */
export type HeldAnswers = {
  readonly handler: Handler;
  /** Lets that many answers go that are waiting now. */
  release(count: number): void;
  /** Lets all go, and from now on every later one at once. */
  open(): void;
};

export function holdAnswers(answer: Handler = reply(200, 'ok')): HeldAnswers {
  const waiting: (() => void)[] = [];
  let isOpen = false;
  return {
    handler(call: Call, response) {
      if (isOpen) answer(call, response);
      else waiting.push(() => answer(call, response));
    },
    release(count) {
      for (const go of waiting.splice(0, count)) go();
    },
    open() {
      isOpen = true;
      for (const go of waiting.splice(0)) go();
    },
  };
}

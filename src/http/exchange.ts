import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { Failure } from '../record/failure.ts';
import type { HttpRequest } from '../record/request.ts';
import type { Agent } from './agent.ts';
import { ExchangeHandler } from './exchange-handler.ts';
import type { Exchange, ExchangeOptions } from './exchange-options.ts';

/**
 * Sends a request and reads the whole answer. Always resolves, and at once when cancelled: also while undici is still
 * connecting, which it would not hear of.
 */
export function exchange(request: HttpRequest, options: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(request, options, resolve);
    options.scope.onCancel((reason) => handler.cancel(reason));
    if (handler.isSettled) return;
    const { body, stream } = request;
    if (!stream) {
      dispatch(request, { body, headers: request.headers, agent: options.agent, handler });
      return;
    }
    stream.open().then(
      ({ length, chunks }) => {
        if (handler.isSettled) return;
        const headers = length === null ? request.headers : [...request.headers, 'content-length', String(length)];
        dispatch(request, { body: Readable.from(handler.watch(chunks)), headers, agent: options.agent, handler });
      },
      (error) => handler.cancel(error instanceof Failure ? error : new Failure('input', String(error))),
    );
  });
}

type Sending = {
  body: string | Uint8Array | Readable | null;
  headers: readonly string[];
  agent: Agent;
  handler: ExchangeHandler;
};

function dispatch({ origin, path, method }: HttpRequest, { body, headers, agent, handler }: Sending): void {
  const options = { origin, path, method: method as Dispatcher.HttpMethod, headers: headers as string[], body };
  handler.hold(agent.dispatch(options, handler));
}

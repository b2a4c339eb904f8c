import type { Dispatcher } from 'undici';
import { onTestFinished } from 'vitest';
import { Scope } from '../../src/flow/signals.ts';
import { type Agent, createAgent } from '../../src/http/agent.ts';
import { type CallOptions, createCall, type Hop } from '../../src/http/call.ts';
import { exchange } from '../../src/http/exchange.ts';
import type { Exchange, ExchangeSink } from '../../src/http/exchange-options.ts';
import type { Outcome } from '../../src/record/job.ts';
import { addressOf, type HttpAnswer, type HttpRequest, parseUrl } from '../../src/record/request.ts';

export function requestTo(url: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  return { ...addressOf(parseUrl(url)), url, method: 'GET', headers: [], body: null, ...changes };
}

/** A real agent, destroyed by the test. With one connection each call but the first takes it over. */
export function startAgent(concurrency = 10): Agent {
  const agent = createAgent({ concurrency, connectTimeoutMs: 5000 });
  onTestFinished(() => agent.destroy());
  return agent;
}

type ExchangeChanges = {
  agent?: Agent;
  scope?: Scope;
  idleTimeoutMs?: number;
  maxBodyBytes?: number;
  sink?: ExchangeSink;
};

export function exchangeWith(request: HttpRequest, options: ExchangeChanges = {}): Promise<Exchange> {
  const { agent = startAgent(), scope = new Scope(), idleTimeoutMs = 0, maxBodyBytes = 1e6, sink } = options;
  return exchange(request, { agent, scope, idleTimeoutMs, maxBodyBytes, ...(sink && { sink }) });
}

export type Called = Outcome<HttpAnswer, Hop>;

/** One call as the engine makes it; `state` is what the hop before handed on. */
export function callWith(
  request: HttpRequest | null,
  { scope = new Scope(), state = null, ...changes }: Partial<CallOptions> & { scope?: Scope; state?: Hop | null } = {},
): Promise<Called> {
  const call = createCall({
    agent: changes.agent ?? startAgent(),
    idleTimeoutMs: 0,
    maxBodyBytes: 1e6,
    maxRedirects: 10,
    bodyMode: 'auto',
    isOk: (status) => status >= 200 && status < 400,
    retryOn: null,
    retriesUnsafe: false,
    ...changes,
  });
  const { url = null, method = 'GET' } = request ?? {};
  const job = {
    index: 0,
    id: null,
    payload: { url, method, request, lane: null, fileName: null, input: null, secrets: [] },
  };
  return call(job, { attempt: 1, state, scope });
}

/** A call with all its hops. */
export async function callThrough(
  request: HttpRequest,
  options: Parameters<typeof callWith>[1] = {},
): Promise<{ called: Called; hops: Hop[] }> {
  const agent = startAgent();
  const hops: Hop[] = [];
  let called = await callWith(request, { agent, ...options });
  while (called.kind === 'next') {
    hops.push(called.state);
    called = await callWith(request, { agent, ...options, state: called.state });
  }
  return { called, hops };
}

/** undici's part played by the test, one event at a time. */
export function playedAgent(): { agent: Agent; handler: () => Dispatcher.DispatchHandler; aborted: Error[] } {
  let given: Dispatcher.DispatchHandler | null = null;
  const aborted: Error[] = [];
  const dispatch = (_options: unknown, handler: Dispatcher.DispatchHandler) => {
    given = handler;
    return { release: () => {} };
  };
  return {
    agent: { dispatch, destroy: async () => {} },
    handler: () => {
      if (!given) throw new Error('nothing was dispatched');
      return given;
    },
    aborted,
  };
}

/** The controller that undici hands to a handler; what it is aborted with goes to `aborted`. */
export function controllerFor(aborted: Error[]): Dispatcher.DispatchController {
  return { abort: (error: Error) => aborted.push(error) } as unknown as Dispatcher.DispatchController;
}

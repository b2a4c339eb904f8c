import { Scope } from '../flow/signals.ts';
import { Failure } from '../record/failure.ts';
import { addressOf } from '../record/request.ts';

/** An Ollama on this machine answers within a few milliseconds. */
const patienceMs = 1000;
const maxBodyBytes = 4 * 1024 ** 2;

/** The first model that the Ollama at this address has and that talks, or null when there is none, or no Ollama. */
export async function firstOllamaModel(baseUrl: URL): Promise<string | null> {
  const [{ createAgent }, { exchange }] = await Promise.all([
    import('../http/agent.ts'),
    import('../http/exchange.ts'),
  ]);
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/tags`;
  const agent = createAgent({ concurrency: 1, connectTimeoutMs: patienceMs });
  const scope = new Scope();
  const timer = setTimeout(() => scope.cancel(new Failure('timeout', 'no answer')), patienceMs);
  try {
    const request = { ...addressOf(url), url: url.href, method: 'GET', headers: [], body: null };
    const { status, body } = await exchange(request, { agent, scope, idleTimeoutMs: 0, maxBodyBytes });
    return status === 200 ? modelIn(body.toString()) : null;
  } finally {
    clearTimeout(timer);
    await agent.destroy();
  }
}

function modelIn(text: string): string | null {
  try {
    const { models } = JSON.parse(text) as { models: { name: unknown }[] };
    const names = models.map(({ name }) => name).filter((name) => typeof name === 'string' && name !== '') as string[];
    // One that makes vectors has nothing to say.
    return names.find((name) => !/embed/i.test(name)) ?? null;
  } catch {
    return null;
  }
}

import { expect, test } from 'vitest';
import { connectionSettings } from '../../src/cli/connection-flags.ts';
import { proxyFor } from '../../src/http/proxy.ts';

const proxy = 'http://127.0.0.1:3128';

test.each<[env: Record<string, string>, isUsed: boolean]>([
  [{}, false],
  [{ http_proxy: proxy }, true],
  [{ HTTP_PROXY: proxy }, true],
  [{ HTTP_PROXY: proxy, REQUEST_METHOD: 'GET' }, false],
  [{ ALL_PROXY: proxy.replace('http://', '') }, true],
  [{ https_proxy: proxy }, false],
  [{ http_proxy: proxy, HTTP_PROXY: 'http://127.0.0.1:9' }, true],
  [{ http_proxy: proxy, no_proxy: '127.0.0.1' }, false],
  [{ http_proxy: proxy, NO_PROXY: '10.0.0.0/8,127.0.0.0/8' }, false],
  [{ http_proxy: proxy, NO_PROXY: '*' }, false],
  [{ http_proxy: proxy, NO_PROXY: '*', no_proxy: 'example.com' }, true],
])('the environment names proxies as curl reads it, and HTTP_PROXY too but for CGI: %j', async (env, isUsed) => {
  const { proxies } = await connectionSettings({ insecure: false }, env);
  const used = proxies && proxyFor(new URL('http://127.0.0.1:8080'), proxies);
  expect(used?.origin ?? null).toBe(isUsed ? proxy : null);
});

import { expect, test } from 'vitest';
import { ollamaHost } from '../../src/cli/ollama-host.ts';

test.each([
  [undefined, 'http://127.0.0.1:11434/'],
  ['', 'http://127.0.0.1:11434/'],
  ['gpu-box', 'http://gpu-box:11434/'],
  ['gpu-box:8080', 'http://gpu-box:8080/'],
  [':8080', 'http://127.0.0.1:8080/'],
  ['gpu-box:nonsense', 'http://gpu-box:11434/'],
  ['gpu-box:99999', 'http://gpu-box:11434/'],
  ['http://gpu-box', 'http://gpu-box/'],
  ['https://gpu-box', 'https://gpu-box/'],
  ['https://gpu-box:8443/ollama', 'https://gpu-box:8443/ollama'],
  ['gpu-box/ollama', 'http://gpu-box:11434/ollama'],
  ['0.0.0.0', 'http://127.0.0.1:11434/'],
  ['0.0.0.0:8080', 'http://127.0.0.1:8080/'],
  ['[::]:8080', 'http://[::1]:8080/'],
  ['::1', 'http://[::1]:11434/'],
  ['[::1]', 'http://[::1]:11434/'],
  [' "gpu-box" ', 'http://gpu-box:11434/'],
  ['ollama.com', 'https://ollama.com/'],
])('OLLAMA_HOST %j is %s', (given, url) => {
  expect(ollamaHost(given)?.href).toBe(url);
});

test.each(['ftp://gpu-box', 'a b'])('%j is no address', (given) => {
  expect(ollamaHost(given)).toBeNull();
});

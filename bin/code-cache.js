// Writes dist/sluice.cjs.*.code: what V8 has compiled of the program once it has done the usual. Part of the build, in a
// process of its own, against a server of its own; what the program prints is for nobody.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { compile, evaluate, keepCode, root } from './program.js';

const answer = { choices: [{ index: 0, delta: { content: 'well' }, finish_reason: 'stop' }] };
const server = createServer((request, response) => {
  const isPrompt = request.method === 'POST';
  response.setHeader('content-type', isPrompt ? 'text/event-stream' : 'application/json');
  response.end(isPrompt ? `data: ${JSON.stringify(answer)}\n\ndata: [DONE]\n\n` : '{"ok":true}');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;

const script = compile();
const { main } = evaluate(script);
for (const line of [
  ['--version'],
  ['fetch', `${origin}/a`, `${origin}/b`],
  ['prompt', '--base-url', `${origin}/v1`, '-m', 'any', 'well?'],
]) {
  await main(line, root);
}
server.close();
server.closeAllConnections();
keepCode(script);
process.exitCode = 0;

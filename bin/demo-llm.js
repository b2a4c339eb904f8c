// `npm run demo:llm`: starts the mock API, runs fixtures/prompts.txt against its models, stops it. The rows go to stdout.
// No key is needed, and none of the environment is sent.
import { ownNodeNeeded, runOnOwnNode } from './own-node.js';
import { rehearse, say } from './rehearsal.js';

/** A token takes its time, and five prompts a second are all that the mock takes: the others are refused, held back, and done. */
const mockArgs = ['--rate', '5/s', '--token-delay', '10ms'];

/** One row a prompt. `--stream`, put here, adds a row for each piece of text as it comes. */
function argsOf(baseUrl) {
  return ['prompt', '-i', 'fixtures/prompts.txt', '-m', 'echo', '--base-url', `${baseUrl}/v1`, '--summary', 'table'];
}

function judge(code) {
  if (code === 0) return say('prompt ended with exit code 0: every prompt has its answer', 0);
  return say(`prompt ended with exit code ${code}, expected 0`, code);
}

const env = { OPENAI_API_KEY: '', OPENAI_BASE_URL: '' };

if (ownNodeNeeded()) await runOnOwnNode();
else await rehearse({ mockArgs, argsOf, judge, env });

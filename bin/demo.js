// `npm run demo`: starts the mock API, fetches fixtures/urls.txt from it, stops it. The rows go to stdout.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownNodeNeeded, runOnOwnNode } from './own-node.js';
import { readerMayLeave, rehearse, root, say } from './rehearsal.js';

const input = 'fixtures/urls.txt';

function argsOf(baseUrl) {
  return ['fetch', '--base-url', baseUrl, '-i', input, '--rate', '50/s', '--summary', 'table'];
}

/** Some URLs fail on purpose, so exit code 1 is what fetch has to end with. */
function judge(code) {
  const urls = readFileSync(join(root, input), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('/'));
  const gone = urls.filter((url) => url.startsWith('/status/'));
  if (code === 1)
    return say(`fetch ended with exit code 1: ${gone.length} of the ${urls.length} URLs are gone, on purpose`, 0);
  if (code === 0 && readerMayLeave()) return say('fetch ended with exit code 0: nobody wants more rows', 0);
  return say(`fetch ended with exit code ${code}, expected 1`, code === 0 ? 1 : code);
}

if (ownNodeNeeded()) await runOnOwnNode();
else await rehearse({ argsOf, judge });

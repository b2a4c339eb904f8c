import { expect, test } from 'vitest';
import { holdAnswers, inTurn, redirect, reply } from '../support/answers.ts';
import { lines } from '../support/input.ts';
import { startServer } from '../support/server.ts';
import { shell, sluice, start } from '../support/sluice.ts';

const esc = '\u001b';

test('promise 8: stdout is data whatever is asked for on stderr', async () => {
  const server = await startServer({ '/bad': reply(404), '/moved': redirect('/a') });
  const input = lines(server.at('/a'), server.at('/bad'), server.at('/moved'), 'no url');
  const flags = ['-v', '--progress', '--summary', 'table'];
  const run = await sluice(['fetch', ...flags], { input }); // that stdout is rows only, each run checks
  expect(run.rows).toHaveLength(4);
  expect(run.stderr).not.toBe('');
});

test('without a terminal stderr is silent, failures or not', async () => {
  const server = await startServer({ '/bad': reply(404) });
  const run = await sluice(['fetch'], { input: lines(server.at('/a'), server.at('/bad'), 'no url') });
  expect(run).toMatchObject({ exitCode: 1, stderr: '' });
});

test('--summary json is one JSON object on stderr that counts rows and names failure codes', async () => {
  const server = await startServer({ '/bad': reply(404) });
  const input = lines(server.at('/a'), server.at('/b'), server.at('/bad'), 'no url', 'none either');
  const run = await sluice(['fetch', '--summary', 'json'], { input });
  const said = run.stderr.trim().split('\n');
  expect(said).toHaveLength(1);
  const summary = JSON.parse(said[0] ?? '') as Record<string, unknown>;
  expect(Object.values(summary)).toEqual(expect.arrayContaining([5, 2, 3]));
  expect(said[0]).toMatch(/"http":\s*1\b/);
  expect(said[0]).toMatch(/"input":\s*2\b/);
});

test('--summary table and markdown are for people, none is nothing', async () => {
  const server = await startServer();
  const table = await sluice(['fetch', '--summary', 'table', server.at('/')]);
  expect(table.stderr.trim().split('\n').length).toBeGreaterThan(1);
  const markdown = await sluice(['fetch', '--summary', 'markdown', server.at('/')]);
  expect(markdown.stderr).toMatch(/^\|.*\|$/m);
  const none = await sluice(['fetch', '--summary', 'none', server.at('/')]);
  expect(none.stderr).toBe('');
});

test('-v tells each attempt, hop and hold', async () => {
  const server = await startServer({
    '/flaky': inTurn(reply(500), reply(200)),
    '/from': redirect('/to'),
    '/later': inTurn(reply(429, '', { 'retry-after-ms': '50' }), reply(200)),
  });
  const input = lines(server.at('/flaky'), server.at('/from'), server.at('/later'));
  const run = await sluice(['fetch', '-v', '--retry-delay', '1ms'], { input });
  expect(run.exitCode).toBe(0);
  const about = (path: string) => run.stderr.split('\n').filter((line) => line.includes(path));
  expect(about('/flaky').length).toBeGreaterThanOrEqual(2);
  expect(about('/from').length).toBeGreaterThanOrEqual(1);
  expect(run.stderr).toMatch(/redirect/);
  expect(run.stderr).toMatch(/\b500\b/);
  expect(run.stderr).toMatch(/\b429\b|hold|held|wait/);
});

test('control characters from outside never reach stderr', async () => {
  const evil = `${esc}[2J\u009b31m\u0007`;
  const server = await startServer({
    '/': (_call, response) => response.writeHead(500, 'Nope', { location: '/x' }).end(evil),
  });
  const input = lines(
    JSON.stringify({ url: server.at('/'), id: evil }),
    JSON.stringify({ url: `no url ${evil}` }),
    `broken ${evil}`,
  );
  const run = await sluice(['fetch', '-v', '--retries', '0', '--summary', 'table'], { input, env: { NO_COLOR: '1' } });
  expect(run.rows).toHaveLength(3);
  for (const character of [esc, '\u009b', '\u0007']) expect(run.stderr).not.toContain(character);
});

test('--quiet says nothing, not even what fails', async () => {
  const server = await startServer({ '/bad': reply(404) });
  const run = await sluice(['fetch', '--quiet'], { input: lines(server.at('/bad'), 'no url') });
  expect(run).toMatchObject({ exitCode: 1, stderr: '' });
});

test('--progress shows how far it is though nobody watches; NO_COLOR keeps it plain', async () => {
  const held = holdAnswers();
  const server = await startServer({ '/held': held.handler });
  const run = start(['fetch', '--progress'], { env: { NO_COLOR: '1' } });
  run.stdin.end(lines(server.at('/a'), server.at('/b'), server.at('/held')));
  await run.says(/\b2\b/); // five seconds are its time between two lines in a log
  held.open();
  const { stderr, exitCode } = await run.ended;
  expect(exitCode).toBe(0);
  expect(stderr).not.toContain(`${esc}[3`);
});

test('a closed stderr does not stop the run', async () => {
  const server = await startServer();
  const input = lines(...Array.from({ length: 200 }, (_, at) => server.at(`/${at}`)));
  const closed = await shell('sluice fetch -v --progress --summary table 2>&-', { input });
  expect([closed.exitCode, closed.rows.length]).toEqual([0, 200]);
  const broken = await shell('sluice fetch -v --progress --summary table 2> >(exec 0<&-)', { input });
  expect([broken.exitCode, broken.rows.length]).toEqual([0, 200]);
});

import { describe, expect, test } from 'vitest';
import { askedOf, says } from '../llm/chat-answers.ts';
import { streams } from '../support/chat-stream.ts';
import { expectRefused } from '../support/in-one-process.ts';
import { temporaryFolder } from '../support/places.ts';
import { promptRows } from '../support/row.ts';
import { type CountingServer, type Handler, startServer } from '../support/server.ts';
import { sluice } from '../support/sluice.ts';

const path = '/v1/chat/completions';
const person = {
  type: 'object',
  properties: { name: { type: 'string' }, born: { type: 'integer' }, mail: { type: 'string', format: 'email' } },
  required: ['name'],
  additionalProperties: false,
};

async function startModel(handler: Handler): Promise<CountingServer> {
  return await startServer({ [path]: handler });
}

function asking(server: CountingServer, ...args: string[]): string[] {
  return ['prompt', 'x', '-m', 'm', '--base-url', `${server.url}/v1`, '--schema', 'schema.json', ...args];
}

async function ask(server: CountingServer, schema: object, ...args: string[]) {
  const cwd = temporaryFolder({ 'schema.json': JSON.stringify(schema) });
  const run = await sluice(asking(server, ...args), { cwd });
  return { ...run, row: promptRows(run.rows)[0] };
}

describe('--schema', () => {
  test('is asked for, and the row carries the answer as JSON, digit for digit', async () => {
    const server = await startModel(streams('{ "name": "Ada",', ' "born": 12345678901234567890 }'));
    const { row, stdout, exitCode } = await ask(server, person);
    expect(row).toMatchObject({ ok: true, json: { name: 'Ada' } });
    expect(stdout).toContain('"json":{"name":"Ada","born":12345678901234567890},"finish_reason"');
    expect(askedOf(server.calls[0]).response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { schema: person },
    });
    expect(exitCode).toBe(0);
  });

  test('takes JSON out of a fence of Markdown', async () => {
    const server = await startModel(says('```json\n{"name":"Ada"}\n```\n'));
    expect((await ask(server, person)).row).toMatchObject({ ok: true, json: { name: 'Ada' } });
  });

  test.each([
    ['something else than JSON', 'Her name is Ada.', /^the answer is no JSON: /],
    ['JSON that does not fit', '{"name":1}', /^the answer does not fit the schema: \/name must be string/],
    ['JSON with too much', '{"name":"Ada","x":1}', /must NOT have additional properties/],
    ['nothing', '', /^the answer is no JSON: /],
  ])('an answer that is %s is `schema`, asked for once, and its text is kept', async (_name, text, message) => {
    const server = await startModel(says(text));
    const { row, exitCode } = await ask(server, person);
    expect(row).toMatchObject({ ok: false, text, json: null, attempts: 1 });
    expect(row?.error).toMatchObject({ code: 'schema', message: expect.stringMatching(message) });
    expect(exitCode).toBe(1);
  });

  test('--retry-on schema asks again', async () => {
    const server = await startModel((call, response) => says(call.nth === 1 ? 'no' : '{"name":"Ada"}')(call, response));
    const { row } = await ask(server, person, '--retry-on', 'schema', '--retry-delay', '1ms');
    expect(row).toMatchObject({ ok: true, attempts: 2 });
  });

  test('a failure before it is that failure', async () => {
    const server = await startModel((_call, response) => void response.writeHead(400).end('{}'));
    expect((await ask(server, person)).row).toMatchObject({ json: null, error: { code: 'http' } });
  });

  test.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('may be of %s', async ($schema) => {
    const server = await startModel(says('{"name":1}'));
    expect((await ask(server, { $schema, ...person })).row?.error?.code).toBe('schema');
  });

  test('that is none is wrong usage', async () => {
    const server = await startModel(says('{}'));
    const wrong: [schema: string, message: RegExp][] = [
      ['{', /--schema: schema\.json is no JSON/],
      ['[]', /--schema: schema\.json: expected a JSON Schema/],
      ['{"type":"nonsense"}', /--schema: schema\.json is no JSON Schema that can be checked/],
      ['{"$ref":"https://elsewhere.example/x"}', /is no JSON Schema that can be checked/],
    ];
    await expectRefused(
      wrong.map(([schema, message]) => [asking(server), message, { cwd: temporaryFolder({ 'schema.json': schema }) }]),
    );
    expect(server.calls).toHaveLength(0);
  });

  test('may be named with @, as other flags name files; one that is not there is wrong usage', async () => {
    const server = await startModel(says('{"name":"Ada"}'));
    const cwd = temporaryFolder({ 'schema.json': JSON.stringify(person) });
    const args = asking(server).filter((word) => word !== '--schema' && word !== 'schema.json');
    const run = await sluice([...args, '--schema', '@schema.json'], { cwd });
    expect(promptRows(run.rows)[0]).toMatchObject({ ok: true, json: { name: 'Ada' } });
    await expectRefused([
      [[...args, '--schema', '@none.json'], /--schema: cannot read none\.json: there is no such file/, { cwd }],
      [
        [...args, '--schema', '{"type":"object"}'],
        /--schema: expected a file with the schema, got the schema/,
        { cwd },
      ],
    ]);
  });
});

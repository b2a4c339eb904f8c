import { randomBytes } from 'node:crypto';
import * as Args from '@oclif/core/args';
import { createAnswerStore } from '../cli/answer-store.ts';
import { carryOut } from '../cli/carry-out.ts';
import { ConfigurableCommand } from '../cli/command.ts';
import { commonSettings } from '../cli/common-settings.ts';
import { fetchConnectionFlags } from '../cli/connection-flags.ts';
import { dryRunFlags } from '../cli/dry-run.ts';
import { flowFlags } from '../cli/flow-flags.ts';
import SluiceHelp from '../cli/help.ts';
import { inputFlags, labelTemplates } from '../cli/input-flags.ts';
import { outputFlags } from '../cli/output-flags.ts';
import { dataFlagsOf } from '../cli/request-data.ts';
import { requestFlags } from '../cli/request-flags.ts';
import { requestSettings } from '../cli/request-settings.ts';
import { rowFlags, writesBatch } from '../cli/row-flags.ts';
import { saveFlags, saveSettings } from '../cli/save-flags.ts';
import { shapeFlags } from '../cli/shape-flags.ts';
import { fileHint } from '../cli/sources.ts';
import { talkFlags } from '../cli/talk-flags.ts';
import { tellEvent } from '../cli/tell.ts';
import type { Hop } from '../http/call.ts';
import { fetchJobs } from '../input/fetch-jobs.ts';
import { createCounter } from '../input/idempotency.ts';
import { createBatchLine, rowOfBatchLine } from '../output/batch.ts';
import { createRow } from '../output/row.ts';
import { createShape } from '../output/shape.ts';
import type { FetchTask, HttpAnswer } from '../record/request.ts';

export default class Fetch extends ConfigurableCommand {
  static override summary = 'Call URLs or request records: one JSON row on stdout for each.';
  static override description =
    'Lines come from arguments, from files (-i), or from stdin: a URL each, an NDJSON record with url, method, headers, body and id, or a row of a CSV or TSV table. --url makes the URL of each. Rows that sluice wrote are input too.';
  static override examples = [
    'sluice fetch < urls.txt -c 20 -r 50/s | jq "select(.ok == false)"',
    'sluice fetch https://example.com/a https://example.com/b --include headers,timings',
    "sluice fetch -i users.csv --url 'https://api.example.com/users/{{id}}' --bearer-env TOKEN -o out.ndjson --resume",
    `sluice fetch -i orders.ndjson --url https://api.example.com/orders --json '{"ref":"{{ref}}"}' --idempotency-key --query body.id --raw`,
    "sluice fetch < pages.txt | sluice fetch --url '{{body.next}}'",
    'sluice fetch < images.txt --output-dir images',
  ];
  static override args = {
    urls: Args.string({
      multiple: true,
      ignoreStdin: true,
      description: 'URLs; without any, lines are read from -i or stdin.',
    }),
  };
  static override flags = {
    ...inputFlags,
    ...requestFlags,
    ...fetchConnectionFlags,
    ...flowFlags,
    ...rowFlags,
    ...saveFlags,
    ...shapeFlags,
    ...outputFlags,
    ...dryRunFlags,
    ...talkFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw, metadata } = await this.parse(Fetch);
    const urls = args.urls ?? [];
    if (!flags.input && urls.length === 0 && process.stdin.isTTY)
      return new SluiceHelp(this.config).showHelp(['fetch']);
    const common = await commonSettings(flags, { given: urls });
    const { templates, shaping, connection, maxLineBytes } = common;
    const { defaults, secrets: given } = await requestSettings(flags, {
      data: dataFlagsOf(raw),
      templates,
      env: process.env,
      version: this.config.version,
    });
    const labels = labelTemplates(flags, templates);
    const secrets = [...given, ...templates.secrets, ...connection.secrets];
    const include = new Set(flags.include?.flatMap((one) => [...one]));
    if (flags.head) include.add('headers');
    const isBatch = writesBatch(flags);
    const saving = saveSettings(flags, {
      templates,
      isMaxBodyGiven: !metadata.flags['max-body']?.setFromDefault,
    });
    const sources = await common.openSources();
    const signatureOf = isBatch ? () => '' : callSignature;
    await carryOut<FetchTask, HttpAnswer, Hop>(
      { id: 'fetch', argv: this.argv, feedsBack: true },
      { ...common, sources },
      {
        jobs: fetchJobs({
          urls,
          sources: sources.list,
          defaults,
          labels: { ...labels, fileName: saving?.fileName ?? null },
          maxLineBytes,
          keepsInput: include.has('input') || shaping?.mergeField != null,
          keysJobs: common.outputTo !== null,
          idempotency: flags['idempotency-key'] ? createCounter() : null,
          findsTwins: flags.unique,
          hintFor: fileHint,
        }),
        callOf: (task) => task,
        laneOf: ({ payload }) => payload.lane ?? payload.request?.host ?? '',
        signatureOf: ({ payload }) => signatureOf(payload),
        hasLanes: labels.lane !== null,
        secrets,
        file: { signatureOf, rowOf: isBatch ? (line) => rowOfBatchLine(line, flags['ok-status']) : undefined },
        async open({ agent, mask }) {
          const { createCall } = await import('../http/call.ts');
          const answers = flags.unique ? createAnswerStore<HttpAnswer>() : null;
          const render = isBatch
            ? createBatchLine({ runId: randomBytes(8).toString('hex'), secrets })
            : createRow({ include, hasBody: flags.body !== 'none', secrets, now: Date.now });
          await saving?.prepare();
          return {
            attempt: createCall({
              agent,
              idleTimeoutMs: flags['idle-timeout'],
              maxBodyBytes: flags['max-body'],
              maxRedirects: flags['max-redirects'],
              bodyMode: flags.body,
              decodes: flags.compressed,
              saving: saving?.saving ?? null,
              isOk: flags['ok-status'],
              retryOn: flags['retry-on'] ?? null,
              retriesUnsafe: flags['retry-unsafe'] || flags['idempotency-key'],
            }),
            share: answers && { keyOf: ({ payload }) => payload.twin ?? null, store: answers },
            render,
            shape: shaping && createShape({ ...shaping, isTerminal: process.stdout.isTTY ?? false, render, secrets }),
            measure: measureAnswer,
            tell: (event, status) => tellEvent(event, { mask, status, describe: describeCall }),
            keepsLog: include.has('attempts'),
            close: () => answers?.close(),
          };
        },
      },
    );
  }
}

function measureAnswer(answer: HttpAnswer | null) {
  const { status = null, bytes = null, body = null } = answer ?? {};
  return { status, bytes, isSaved: body?.kind === 'file' };
}

function describeCall(task: FetchTask, hop: Hop | null): string {
  const { method, url } = hop?.request ?? task;
  return `${method} ${url}`;
}

/** What of a job's or a row's call depends on the configuration. */
function callSignature({ method, url }: { readonly method?: unknown; readonly url?: unknown }): string {
  return JSON.stringify([method, url]);
}

import { randomBytes } from 'node:crypto';
import * as Args from '@oclif/core/args';
import { createAnswerStore } from '../cli/answer-store.ts';
import { ConfigurableCommand } from '../cli/command.ts';
import { connectionSettings, fetchConnectionFlags } from '../cli/connection-flags.ts';
import { withinDescriptors } from '../cli/descriptors.ts';
import { dryRunFlags, runDry } from '../cli/dry-run.ts';
import { resumeHint } from '../cli/ending.ts';
import { flowFlags } from '../cli/flow-flags.ts';
import { flowSettings } from '../cli/flow-settings.ts';
import SluiceHelp from '../cli/help.ts';
import { inputFlags, labelTemplates } from '../cli/input-flags.ts';
import { openOutput } from '../cli/output-file.ts';
import { outputFlags, outputSettings } from '../cli/output-flags.ts';
import { dataFlagsOf } from '../cli/request-data.ts';
import { requestFlags } from '../cli/request-flags.ts';
import { requestSettings } from '../cli/request-settings.ts';
import { rowFlags, writesBatch } from '../cli/row-flags.ts';
import { saveFlags, saveSettings } from '../cli/save-flags.ts';
import { runSession } from '../cli/session.ts';
import { shapeFlags, shapeSettings } from '../cli/shape-flags.ts';
import { fileHint, openSources } from '../cli/sources.ts';
import { talkFlags, talkSettings } from '../cli/talk-flags.ts';
import { tellEvent } from '../cli/tell.ts';
import { createTemplates } from '../cli/templates.ts';
import type { Hop } from '../http/call.ts';
import { fetchJobs } from '../input/fetch-jobs.ts';
import { createCounter } from '../input/idempotency.ts';
import { createBatchLine, rowOfBatchLine } from '../output/batch.ts';
import { createRow } from '../output/row.ts';
import { createShape } from '../output/shape.ts';
import type { Job } from '../record/job.ts';
import type { FetchTask, HttpAnswer } from '../record/request.ts';
import { createMask } from '../record/secrets.ts';

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
    const names = flags.input ?? (urls.length > 0 ? [] : ['-']);
    if (!flags.input && urls.length === 0 && process.stdin.isTTY)
      return new SluiceHelp(this.config).showHelp(['fetch']);
    const talk = talkSettings(flags, { isTerminal: process.stderr.isTTY ?? false, env: process.env });
    const { flow, maxConnections } = withinDescriptors(flowSettings(flags), talk);
    const connection = await connectionSettings(flags, process.env);
    const templates = createTemplates(flags, process.env);
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
    const shaping = await shapeSettings(flags);
    const isBatch = writesBatch(flags);
    const isMaxBodyGiven = !metadata.flags['max-body']?.setFromDefault;
    const saving = saveSettings(flags, { templates, isMaxBodyGiven });
    const outputTo = outputSettings(flags);
    const maxLineBytes = flags['max-line'];
    const sources = await openSources(names, { format: flags.format, maxLineBytes, fields: templates.fields });
    const jobs = fetchJobs({
      urls,
      sources: sources.list,
      defaults,
      labels: { ...labels, fileName: saving?.fileName ?? null },
      maxLineBytes,
      keepsInput: include.has('input') || shaping?.mergeField != null,
      keysJobs: outputTo !== null,
      idempotency: flags['idempotency-key'] ? createCounter() : null,
      findsTwins: flags.unique,
      hintFor: fileHint,
    });
    const laneOf = ({ payload }: Job<FetchTask>) => payload.lane ?? payload.request?.host ?? '';
    const known = isBatch ? () => '' : callOf;
    const signatureOf = ({ payload }: Job<FetchTask>) => known(payload);
    const rowOf = isBatch
      ? (line: Readonly<Record<string, unknown>>) => rowOfBatchLine(line, flags['ok-status'])
      : undefined;
    const saved = outputTo && { ...outputTo, signatureOf: known, rowOf, inputs: names };
    if (flags['dry-run']) {
      return runDry({
        jobs,
        callOf: (task) => task,
        laneOf,
        hasLanes: labels.lane !== null,
        flow,
        secrets,
        output: saved,
        signatureOf,
        isQuiet: talk.isQuiet,
        stopInput: sources.stop,
      });
    }
    const [{ createAgent }, { createCall }] = await Promise.all([
      import('../http/agent.ts'),
      import('../http/call.ts'),
    ]);
    const agent = createAgent({
      concurrency: flow.concurrency,
      connectTimeoutMs: flow.connectTimeoutMs,
      patienceMs: flow.timeoutMs,
      maxConnections,
      ...connection,
    });
    const mask = createMask(secrets);
    const answers = flags.unique ? createAnswerStore<HttpAnswer>() : null;
    const render = isBatch
      ? createBatchLine({ runId: randomBytes(8).toString('hex'), secrets })
      : createRow({ include, hasBody: flags.body !== 'none', secrets, now: Date.now });

    await saving?.prepare();
    // Last, since it empties or rewrites the file: whatever can be wrong with the usage is known by now.
    const output = saved && (await openOutput(saved.path, saved));
    await runSession({
      jobs,
      attempt: createCall({
        agent,
        idleTimeoutMs: flags['idle-timeout'],
        maxBodyBytes: flags['max-body'],
        maxRedirects: flags['max-redirects'],
        bodyMode: flags.body,
        saving: saving?.saving ?? null,
        isOk: flags['ok-status'],
        retryOn: flags['retry-on'] ?? null,
        retriesUnsafe: flags['retry-unsafe'] || flags['idempotency-key'],
      }),
      laneOf,
      share: answers && { twinOf: ({ payload }) => payload.twin ?? null, store: answers },
      render,
      shape: shaping && createShape({ ...shaping, render, secrets }),
      measure: (answer) => ({
        status: answer?.status ?? null,
        bytes: answer?.bytes ?? null,
        isSaved: answer?.body?.kind === 'file',
      }),
      tell: (event) => tellEvent(event, { mask, describe: describeCall }),
      flow,
      talk,
      keepsLog: include.has('attempts'),
      output,
      signatureOf,
      resumeHint: resumeHint('fetch', {
        argv: this.argv,
        hasFile: output !== null,
        readsStdin: names.includes('-'),
        mask,
      }),
      stopInput: sources.stop,
      close: async () => {
        answers?.close();
        await agent.destroy();
      },
    });
  }
}

function describeCall(task: FetchTask, hop: Hop | null): string {
  const { method, url } = hop?.request ?? task;
  return `${method} ${url}`;
}

/** What of a job's or a row's call depends on the configuration. */
function callOf({ method, url }: { readonly method?: unknown; readonly url?: unknown }): string {
  return JSON.stringify([method, url]);
}

import { randomBytes } from 'node:crypto';
import * as Args from '@oclif/core/args';
import { Command } from '@oclif/core/command';
import { resumeHint } from '../cli/ending.ts';
import { flowFlags, flowSettings, laneTemplate } from '../cli/flow-flags.ts';
import SluiceHelp from '../cli/help.ts';
import { inputFlags } from '../cli/input-flags.ts';
import { openOutput } from '../cli/output-file.ts';
import { outputFlags, outputSettings } from '../cli/output-flags.ts';
import { dataFlagsOf } from '../cli/request-data.ts';
import { requestFlags, requestSettings } from '../cli/request-flags.ts';
import { rowFlags, writesBatch } from '../cli/row-flags.ts';
import { saveFlags, saveSettings } from '../cli/save-flags.ts';
import { runSession } from '../cli/session.ts';
import { shapeFlags, shapeSettings } from '../cli/shape-flags.ts';
import { openSources } from '../cli/sources.ts';
import { refuseSwitchValues } from '../cli/switches.ts';
import { talkFlags, talkSettings } from '../cli/talk-flags.ts';
import { tellEvent } from '../cli/tell.ts';
import type { Hop } from '../http/call.ts';
import { fetchJobs } from '../input/fetch-jobs.ts';
import { createBatchLine, rowOfBatchLine } from '../output/batch.ts';
import { createRow } from '../output/row.ts';
import { createShape } from '../output/shape.ts';
import type { FetchTask } from '../record/request.ts';
import { createMask } from '../record/secrets.ts';

export default class Fetch extends Command {
  static override summary = 'Call URLs or request records: one JSON row on stdout for each.';
  static override description =
    'Lines come from arguments, from files (-i), or from stdin: a URL each, or an NDJSON record with url, method, headers, body and id. Rows that sluice wrote are input too.';
  static override examples = [
    'sluice fetch < urls.txt -c 20 -r 50/s | jq "select(.ok == false)"',
    'sluice fetch https://example.com/a https://example.com/b --include headers,timings',
    'sluice fetch -i orders.ndjson -X POST --bearer-env TOKEN --retries 5',
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
    ...flowFlags,
    ...rowFlags,
    ...saveFlags,
    ...shapeFlags,
    ...outputFlags,
    ...talkFlags,
  };

  async run(): Promise<void> {
    refuseSwitchValues(this.argv, Fetch.flags);
    const { args, flags, raw, metadata } = await this.parse(Fetch);
    const urls = args.urls ?? [];
    const names = flags.input ?? (urls.length > 0 ? [] : ['-']);
    if (!flags.input && urls.length === 0 && process.stdin.isTTY)
      return new SluiceHelp(this.config).showHelp(['fetch']);
    const flow = flowSettings(flags);
    const talk = talkSettings(flags, { isTerminal: process.stderr.isTTY ?? false, env: process.env });
    const { defaults, secrets } = await requestSettings(flags, {
      data: dataFlagsOf(raw),
      env: process.env,
      version: this.config.version,
    });
    const include = new Set(flags.include?.flatMap((one) => [...one]));
    if (flags.head) include.add('headers');
    const shaping = await shapeSettings(flags);
    const isBatch = writesBatch(flags);
    const isMaxBodyGiven = !metadata.flags['max-body']?.setFromDefault;
    const saved = saveSettings(flags, { env: process.env, isMaxBodyGiven });
    const outputTo = outputSettings(flags);
    const lane = laneTemplate(flags, process.env);
    const sources = await openSources(names, flags.format);
    const [{ createAgent }, { createCall }] = await Promise.all([
      import('../http/agent.ts'),
      import('../http/call.ts'),
    ]);
    const agent = createAgent({
      concurrency: flow.concurrency,
      connectTimeoutMs: flow.connectTimeoutMs,
    });
    const mask = createMask(secrets);
    const render = isBatch
      ? createBatchLine({ runId: randomBytes(8).toString('hex'), secrets })
      : createRow({ include, hasBody: flags.body !== 'none', secrets, now: Date.now });
    const signatureOf = isBatch ? () => '' : callOf;

    await saved?.prepare();
    // Last, since it empties or rewrites the file: whatever can be wrong with the usage is known by now.
    const output =
      outputTo &&
      (await openOutput(outputTo.path, {
        mode: outputTo.mode,
        signatureOf,
        rowOf: isBatch ? (line) => rowOfBatchLine(line, flags['ok-status']) : undefined,
        inputs: names,
      }));
    await runSession({
      jobs: fetchJobs({
        urls,
        sources: sources.list,
        defaults,
        maxLineBytes: flags['max-line'],
        keepsInput: include.has('input') || shaping?.mergeField != null,
        keysJobs: output !== null,
        lane,
        fileName: saved?.fileName ?? null,
      }),
      attempt: createCall({
        agent,
        idleTimeoutMs: flags['idle-timeout'],
        maxBodyBytes: flags['max-body'],
        maxRedirects: flags['max-redirects'],
        bodyMode: flags.body,
        saving: saved?.saving ?? null,
        isOk: flags['ok-status'],
        retryOn: flags['retry-on'] ?? null,
        retriesUnsafe: flags['retry-unsafe'],
      }),
      laneOf: ({ payload }) => payload.lane ?? payload.request?.host ?? '',
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
      signatureOf: ({ payload }) => signatureOf(payload),
      resumeHint: resumeHint('fetch', {
        argv: this.argv,
        hasFile: output !== null,
        readsStdin: names.includes('-'),
        mask,
      }),
      stopInput: sources.stop,
      close: () => agent.destroy(),
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

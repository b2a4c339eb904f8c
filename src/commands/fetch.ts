import * as Args from '@oclif/core/args';
import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { resumeCommandOf } from '../cli/ending.ts';
import { flowFlags, flowSettings } from '../cli/flow-flags.ts';
import SluiceHelp from '../cli/help.ts';
import { openOutput } from '../cli/output-file.ts';
import { outputFlags, outputSettings, talkFlags, talkSettings } from '../cli/output-flags.ts';
import { dataFlagsOf } from '../cli/request-data.ts';
import { requestFlags, requestSettings, sayable } from '../cli/request-flags.ts';
import { parseIncludes } from '../cli/row-flags.ts';
import { runSession } from '../cli/session.ts';
import { openSources } from '../cli/sources.ts';
import { parseStatuses } from '../cli/statuses.ts';
import { tellEvent } from '../cli/tell.ts';
import { parseCount, parseSize } from '../cli/values.ts';
import { bodyModes } from '../http/body.ts';
import type { Hop } from '../http/call.ts';
import { fetchJobs, inputFormats } from '../input/fetch-jobs.ts';
import { compileTemplate, type Template } from '../input/template.ts';
import { createRow } from '../output/row.ts';
import type { FetchTask } from '../record/request.ts';
import { createMask } from '../record/secrets.ts';

const ROW = 'ROW';
const INPUT = 'INPUT';

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
    input: Flags.string({
      char: 'i',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: INPUT,
      helpValue: 'FILE',
      summary: 'Read lines from FILE; - is stdin. Repeatable.',
    }),
    format: Flags.option({
      options: inputFormats,
      default: 'auto',
      helpGroup: INPUT,
      summary: 'What lines are. Default auto: by the file ending, then by the line: a record begins with {.',
    })(),
    'max-line': Flags.custom<number>({
      parse: async (text) => parseSize(text),
      default: 16 * 1024 ** 2,
      defaultHelp: async () => '16MiB',
      helpGroup: INPUT,
      helpValue: '16MiB',
      summary: 'A longer line is a failed row.',
    })(),
    ...requestFlags,
    'max-redirects': Flags.custom<number>({
      parse: async (text) => parseCount(text, { max: 1000 }),
      default: 10,
      helpGroup: 'REQUEST',
      helpValue: 'N',
      summary: 'Redirects to follow; 0 follows none.',
    })(),
    ...flowFlags,
    lane: Flags.string({
      helpGroup: 'FLOW',
      helpValue: 'TEMPLATE',
      summary: 'What shares limits, such as {{account}}, a field of the record. Default: the host.',
    }),
    include: Flags.custom<ReturnType<typeof parseIncludes>>({
      parse: async (text) => parseIncludes(text),
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: ROW,
      helpValue: 'LIST',
      summary: 'More fields in each row: headers,timings,attempts,input,request.',
    })(),
    body: Flags.option({
      options: bodyModes,
      default: 'auto',
      helpGroup: ROW,
      summary: 'The body in the row. Default auto: JSON and text as such, the rest base64.',
    })(),
    'max-body': Flags.custom<number>({
      parse: async (text) => parseSize(text),
      default: 10 * 1024 ** 2,
      defaultHelp: async () => '10MiB',
      helpGroup: ROW,
      helpValue: '10MiB',
      summary: 'A larger body, decompressed, is a failed row.',
    })(),
    'ok-status': Flags.custom<(status: number) => boolean>({
      parse: async (text) => parseStatuses(text),
      default: async () => parseStatuses('200-399'),
      defaultHelp: async () => '200-399',
      helpGroup: ROW,
      helpValue: 'LIST',
      summary: 'Statuses that count as ok, such as 2xx,404.',
    })(),
    ...outputFlags,
    ...talkFlags,
  };

  async run(): Promise<void> {
    const { args, flags, raw } = await this.parse(Fetch);
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
    const outputTo = outputSettings(flags);
    const sources = await openSources(names, flags.format);
    const output = outputTo && (await openOutput(outputTo.path, { mode: outputTo.mode, signatureOf: callOf }));
    const [{ createAgent }, { createCall }] = await Promise.all([
      import('../http/agent.ts'),
      import('../http/call.ts'),
    ]);
    const agent = createAgent({
      concurrency: flow.concurrency,
      connectTimeoutMs: shorter(flags['connect-timeout'], flow.timeoutMs),
    });
    const mask = createMask(secrets);
    const resumeCommand = resumeCommandOf('fetch', { argv: this.argv, hasFile: output !== null });

    await runSession({
      jobs: fetchJobs({
        urls,
        sources: sources.list,
        defaults,
        maxLineBytes: flags['max-line'],
        keepsInput: include.has('input'),
        keysJobs: output !== null,
        lane: laneTemplate(flags.lane, process.env),
      }),
      attempt: createCall({
        agent,
        idleTimeoutMs: flags['idle-timeout'],
        maxBodyBytes: flags['max-body'],
        maxRedirects: flags['max-redirects'],
        bodyMode: flags.body,
        isOk: flags['ok-status'],
        retryOn: flags['retry-on'] ?? null,
        retriesUnsafe: flags['retry-unsafe'],
      }),
      laneOf: ({ payload }) => payload.lane ?? payload.request?.host ?? '',
      render: createRow({ include, hasBody: flags.body !== 'none', secrets, now: Date.now }),
      measure: (answer) => ({ status: answer?.status ?? null, bytes: answer?.bytes ?? null }),
      tell: (event) => tellEvent(event, { mask, describe: describeCall }),
      flow,
      talk,
      keepsLog: include.has('attempts'),
      output,
      signatureOf: ({ payload }) => callOf(payload),
      resumeCommand: mask?.(resumeCommand) ?? resumeCommand,
      stopInput: sources.stop,
      close: () => agent.destroy(),
    });
  }
}

/** The connection's clock within the attempt's; 0 is no limit. */
function shorter(connectMs: number, attemptMs: number): number {
  if (connectMs === 0 || attemptMs === 0) return connectMs || attemptMs;
  return Math.min(connectMs, attemptMs);
}

function describeCall(task: FetchTask, hop: Hop | null): string {
  const { method, url } = hop?.request ?? task;
  return `${method} ${url}`;
}

/** What of a job's or a row's call depends on the configuration. */
function callOf({ method, url }: { readonly method?: unknown; readonly url?: unknown }): string {
  return `${method} ${url}`;
}

function laneTemplate(text: string | undefined, env: NodeJS.ProcessEnv): Template | null {
  return text === undefined ? null : sayable('--lane', () => compileTemplate(text, { env }));
}

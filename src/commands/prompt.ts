import * as Args from '@oclif/core/args';
import { Command } from '@oclif/core/command';
import { resumeHint } from '../cli/ending.ts';
import { flowFlags, flowSettings } from '../cli/flow-flags.ts';
import SluiceHelp from '../cli/help.ts';
import { inputFlags } from '../cli/input-flags.ts';
import { modelFlags, modelSettings } from '../cli/model-flags.ts';
import { openOutput } from '../cli/output-file.ts';
import { outputFlags, outputSettings } from '../cli/output-flags.ts';
import { promptDefaults, promptFlags } from '../cli/prompt-flags.ts';
import { runSession } from '../cli/session.ts';
import { shapeFlags, shapeSettings } from '../cli/shape-flags.ts';
import { openSources } from '../cli/sources.ts';
import { refuseSwitchValues } from '../cli/switches.ts';
import { talkFlags, talkSettings } from '../cli/talk-flags.ts';
import { tellEvent } from '../cli/tell.ts';
import { promptJobs } from '../input/prompt-jobs.ts';
import { openaiChat } from '../llm/openai.ts';
import { createPromptRow, isLongKey } from '../output/prompt-row.ts';
import { createShape } from '../output/shape.ts';
import type { Completion, PromptTask } from '../record/prompt.ts';
import { addressOf } from '../record/request.ts';
import { createMask } from '../record/secrets.ts';

/** A prompt may always be sent again, so there is nothing for it to allow. */
const { 'retry-unsafe': _, ...promptFlow } = flowFlags;
/** An answer is text: more than this is none. */
const maxBodyBytes = 64 * 1024 ** 2;

export default class Prompt extends Command {
  static override summary = 'Ask a language model, one prompt a line: one JSON row on stdout for each.';
  static override description =
    'Prompts come from arguments, from files (-i), or from stdin: a prompt each, or an NDJSON record with prompt or messages, and id. With --template any record makes a prompt, rows that sluice wrote too. Any OpenAI-compatible server answers.';
  static override examples = [
    "sluice prompt 'Name three rivers' -m gpt-5-mini",
    "sluice prompt -i tickets.ndjson --template 'Summarise: {{body}}' -m gpt-5-mini -c 20",
    "sluice fetch < pages.txt | sluice prompt --template 'Title: {{body}}' --base-url http://localhost:11434/v1 -m llama3.2",
  ];
  static override args = {
    prompts: Args.string({
      multiple: true,
      ignoreStdin: true,
      description: 'Prompts; without any, lines are read from -i or stdin.',
    }),
  };
  static override flags = {
    ...inputFlags,
    ...promptFlow,
    ...promptFlags,
    ...modelFlags,
    ...shapeFlags,
    ...outputFlags,
    ...talkFlags,
  };

  async run(): Promise<void> {
    refuseSwitchValues(this.argv, Prompt.flags);
    const { args, flags } = await this.parse(Prompt);
    const prompts = args.prompts ?? [];
    const names = flags.input ?? (prompts.length > 0 ? [] : ['-']);
    if (!flags.input && prompts.length === 0 && process.stdin.isTTY)
      return new SluiceHelp(this.config).showHelp(['prompt']);
    const flow = flowSettings(flags);
    const talk = talkSettings(flags, { isTerminal: process.stderr.isTTY ?? false, env: process.env });
    const model = modelSettings(flags, { env: process.env, version: this.config.version });
    const defaults = await promptDefaults(flags, { env: process.env });
    const include = new Set(flags.include?.flatMap((one) => [...one]));
    const shaping = await shapeSettings(flags);
    const outputTo = outputSettings(flags);
    const sources = await openSources(names, flags.format);
    const [{ createAgent }, { createPost }] = await Promise.all([
      import('../http/agent.ts'),
      import('../http/post.ts'),
    ]);
    const agent = createAgent({
      concurrency: flow.concurrency,
      connectTimeoutMs: flow.connectTimeoutMs,
    });
    const secrets = model.key ? [model.key.value] : [];
    const mask = createMask(secrets);
    const codec = openaiChat(model);
    const render = createPromptRow({ include, provider: codec.provider, model: model.model, secrets, now: Date.now });
    const { host } = addressOf(model.baseUrl);

    // Last, since it empties or rewrites the file: whatever can be wrong with the usage is known by now.
    const output =
      outputTo && (await openOutput(outputTo.path, { mode: outputTo.mode, signatureOf: askedOf, inputs: names }));
    await runSession({
      jobs: promptJobs({
        prompts,
        sources: sources.list,
        defaults,
        maxLineBytes: flags['max-line'],
        keepsInput: include.has('input') || shaping?.mergeField != null,
        keysJobs: output !== null,
      }),
      attempt: createPost<PromptTask, Completion>({
        agent,
        idleTimeoutMs: flags['idle-timeout'],
        maxBodyBytes,
        requestOf: codec.requestOf,
        read: codec.read,
        retryOn: flags['retry-on'] ?? null,
      }),
      laneOf: ({ payload }) => payload.lane ?? host,
      render,
      shape: shaping && createShape({ ...shaping, render, secrets: secrets.filter(isLongKey) }),
      measure: (answer) => ({ status: answer?.status ?? null, bytes: answer?.bytes ?? null }),
      tell: (event) => tellEvent(event, { mask, describe: () => `${model.model} at ${host}` }),
      flow,
      talk,
      keepsLog: include.has('attempts'),
      output,
      signatureOf: () => askedOf({ provider: codec.provider, model: model.model }),
      resumeHint: resumeHint('prompt', {
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

/** What of a row depends on the configuration: who was asked. */
function askedOf({ provider, model }: { readonly provider?: unknown; readonly model?: unknown }): string {
  return JSON.stringify([provider, model]);
}

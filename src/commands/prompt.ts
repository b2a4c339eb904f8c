import * as Args from '@oclif/core/args';
import { readAnswerSchema } from '../cli/answer-schema.ts';
import { ConfigurableCommand } from '../cli/command.ts';
import { connectionFlags, connectionSettings } from '../cli/connection-flags.ts';
import { withinDescriptors } from '../cli/descriptors.ts';
import { dryRunFlags, runDry } from '../cli/dry-run.ts';
import { resumeHint } from '../cli/ending.ts';
import { flowFlags } from '../cli/flow-flags.ts';
import { flowSettings } from '../cli/flow-settings.ts';
import { hearAnswers } from '../cli/hear-answers.ts';
import SluiceHelp from '../cli/help.ts';
import { inputFlags } from '../cli/input-flags.ts';
import { modelFlags, modelSettings } from '../cli/model-flags.ts';
import { openOutput } from '../cli/output-file.ts';
import { outputFlags, outputSettings } from '../cli/output-flags.ts';
import { promptDefaults, promptFlags } from '../cli/prompt-flags.ts';
import { createPromptView, viewMode } from '../cli/prompt-view.ts';
import { runSession } from '../cli/session.ts';
import { shapeFlags, shapeSettings } from '../cli/shape-flags.ts';
import { openSources } from '../cli/sources.ts';
import { talkFlags, talkSettings } from '../cli/talk-flags.ts';
import { tellEvent } from '../cli/tell.ts';
import { createTemplates } from '../cli/templates.ts';
import { tokenFlags, tokenSettings } from '../cli/token-flags.ts';
import { promptJobs } from '../input/prompt-jobs.ts';
import { codecOf } from '../llm/codecs.ts';
import { createPromptRow, spokenSecrets } from '../output/prompt-row.ts';
import { createShape } from '../output/shape.ts';
import { plain } from '../output/terminal.ts';
import type { Job } from '../record/job.ts';
import type { Completion, PromptTask } from '../record/prompt.ts';
import { addressOf } from '../record/request.ts';
import { createMask } from '../record/secrets.ts';

/** A prompt may always be sent again, so there is nothing for it to allow. */
const { 'retry-unsafe': _, ...promptFlow } = flowFlags;
/** An answer is text: more than this is none. */
const maxBodyBytes = 64 * 1024 ** 2;

export default class Prompt extends ConfigurableCommand {
  static override summary = 'Ask a language model, one prompt a line: one JSON row on stdout for each.';
  static override description =
    'Prompts come from arguments, from files (-i), or from stdin: a prompt each, or an NDJSON record with prompt or messages, and id. With --template any record makes a prompt, rows that sluice wrote too. Answers of OpenAI, Anthropic, Gemini, Ollama and all that speak OpenAI’s API come as rows, as text, or piece by piece (--stream).';
  static override examples = [
    "sluice prompt 'Name three rivers' -m openai:gpt-5-mini",
    "sluice prompt -i tickets.ndjson --template 'Summarise: {{body}}' -m anthropic:claude-haiku-4-5 -c 20 --tpm 200k -o out.ndjson --resume",
    "sluice fetch < pages.txt | sluice prompt --template 'Title: {{body}}' -m ollama:llama3.2 --stream",
    "sluice prompt 'Name three rivers' --base-url http://localhost:8000/v1 -m any --text",
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
    ...connectionFlags,
    ...promptFlow,
    ...promptFlags,
    ...modelFlags,
    ...tokenFlags,
    ...shapeFlags,
    ...outputFlags,
    ...dryRunFlags,
    ...talkFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Prompt);
    const prompts = args.prompts ?? [];
    const names = flags.input ?? (prompts.length > 0 ? [] : ['-']);
    if (!flags.input && prompts.length === 0 && process.stdin.isTTY)
      return new SluiceHelp(this.config).showHelp(['prompt']);
    const shaping = await shapeSettings(flags);
    const outputTo = outputSettings(flags);
    const isTerminal = process.stdout.isTTY ?? false;
    const isAlone = prompts.length === 1 && !flags.input;
    const mode = viewMode(flags, { isAlone, isTerminal, hasFile: outputTo !== null, isShaped: shaping !== null });
    const talk = talkSettings(flags, { isTerminal: (process.stderr.isTTY ?? false) && !mode.isLive, env: process.env });
    const { flow, maxConnections } = withinDescriptors(flowSettings(flags), talk);
    const connection = await connectionSettings(flags, process.env);
    const schema = flags.schema === undefined ? null : await readAnswerSchema(flags.schema);
    const { provider, settings: model } = await modelSettings(flags, {
      env: process.env,
      version: this.config.version,
      schema: schema?.schema ?? null,
    });
    if (!flags.model && process.stderr.isTTY && !flags.quiet) {
      process.stderr.write(`${plain(`sluice: no -m is given: asking ${provider}:${model.model}`)}\n`);
    }
    const templates = createTemplates(flags, process.env);
    const defaults = await promptDefaults(flags, templates);
    const include = new Set(flags.include?.flatMap((one) => [...one]));
    const maxLineBytes = flags['max-line'];
    const sources = await openSources(names, { format: flags.format, maxLineBytes, fields: templates.fields });
    const secrets = [...(model.key ? [model.key.value] : []), ...templates.secrets, ...connection.secrets];
    const codec = codecOf(provider, model);
    const { host } = addressOf(model.baseUrl);
    const jobs = promptJobs({
      prompts,
      sources: sources.list,
      defaults,
      maxLineBytes,
      keepsInput: include.has('input') || shaping?.mergeField != null,
      keysJobs: outputTo !== null,
    });
    const laneOf = ({ payload }: Job<PromptTask>) => payload.lane ?? host;
    const signatureOf = () => askedOf({ provider: codec.provider, model: model.model });
    const saved = outputTo && { ...outputTo, signatureOf: askedOf, inputs: names };
    if (flags['dry-run']) {
      return runDry({
        jobs,
        callOf: (task) => ({
          url: null,
          method: 'POST',
          request: task.messages && codec.requestOf(task),
          secrets: [],
        }),
        laneOf,
        hasLanes: defaults.lane !== null,
        flow,
        secrets,
        output: saved,
        signatureOf,
        isQuiet: talk.isQuiet,
        stopInput: sources.stop,
      });
    }
    const [{ createAgent }, { createPost }] = await Promise.all([
      import('../http/agent.ts'),
      import('../http/post.ts'),
    ]);
    const agent = createAgent({
      concurrency: flow.concurrency,
      connectTimeoutMs: flow.connectTimeoutMs,
      patienceMs: flow.timeoutMs,
      maxConnections,
      ...connection,
    });
    const { tokens, costOf } = tokenSettings(flags, model);
    const mask = createMask(secrets);
    const render = createPromptRow({
      include,
      provider: codec.provider,
      model: model.model,
      secrets,
      hasJson: schema !== null,
      now: Date.now,
    });
    const view = createPromptView({ mode, isTerminal, secrets });

    // Last, since it empties or rewrites the file: whatever can be wrong with the usage is known by now.
    const output = saved && (await openOutput(saved.path, saved));
    await runSession({
      jobs,
      attempt: createPost<PromptTask, Completion>({
        agent,
        idleTimeoutMs: flags['idle-timeout'],
        maxBodyBytes,
        requestOf: codec.requestOf,
        open: hearAnswers({ codec, hear: view.hear, isBinding: mode.isLive, schema, secrets }),
        costOf,
        retryOn: flags['retry-on'] ?? null,
      }),
      laneOf,
      render,
      shape: shaping && createShape({ ...shaping, render, secrets: spokenSecrets(secrets) }),
      openView: view.openView,
      measure: (answer) => ({ status: answer?.status ?? null, bytes: answer?.bytes ?? null }),
      tell: (event) => tellEvent(event, { mask, describe: () => `${model.model} at ${host}` }),
      // Answers without names make sense in one order only.
      flow: { ...flow, isOrdered: flow.isOrdered || mode.kind === 'text' },
      tokens,
      talk,
      keepsLog: include.has('attempts'),
      output,
      signatureOf,
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

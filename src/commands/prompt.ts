import * as Args from '@oclif/core/args';
import { readAnswerSchema } from '../cli/answer-schema.ts';
import { carryOut } from '../cli/carry-out.ts';
import { ConfigurableCommand } from '../cli/command.ts';
import { commonSettings, type Outlook } from '../cli/common-settings.ts';
import { connectionFlags } from '../cli/connection-flags.ts';
import { dryRunFlags } from '../cli/dry-run.ts';
import { flowFlags } from '../cli/flow-flags.ts';
import { hearAnswers } from '../cli/hear-answers.ts';
import SluiceHelp from '../cli/help.ts';
import { inputFlags } from '../cli/input-flags.ts';
import { modelFlags, modelSettings } from '../cli/model-flags.ts';
import { outputFlags } from '../cli/output-flags.ts';
import { promptDefaults, promptFlags } from '../cli/prompt-flags.ts';
import { createPromptView, viewMode } from '../cli/prompt-view.ts';
import { shapeFlags } from '../cli/shape-flags.ts';
import { talkFlags } from '../cli/talk-flags.ts';
import { tellEvent } from '../cli/tell.ts';
import { tokenFlags, tokenSettings } from '../cli/token-flags.ts';
import { promptJobs } from '../input/prompt-jobs.ts';
import { codecOf } from '../llm/codecs.ts';
import { createPromptRow, spokenSecrets } from '../output/prompt-row.ts';
import { createShape } from '../output/shape.ts';
import { plain } from '../output/terminal.ts';
import type { Completion, PromptAnswer, PromptTask } from '../record/prompt.ts';
import { addressOf } from '../record/request.ts';

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
    if (!flags.input && prompts.length === 0 && process.stdin.isTTY)
      return new SluiceHelp(this.config).showHelp(['prompt']);
    const isTerminal = process.stdout.isTTY ?? false;
    const isAlone = prompts.length === 1 && !flags.input;
    const modeFor = (outlook: Outlook) => viewMode(flags, { isAlone, isTerminal, ...outlook });
    const common = await commonSettings(flags, { given: prompts, isLive: (outlook) => modeFor(outlook).isLive });
    const { templates, shaping, connection, maxLineBytes } = common;
    const mode = modeFor({ isShaped: shaping !== null, hasFile: common.outputTo !== null });
    const schema = flags.schema === undefined ? null : await readAnswerSchema(flags.schema);
    const { provider, settings: model } = await modelSettings(flags, {
      env: process.env,
      version: this.config.version,
      schema: schema?.schema ?? null,
    });
    if (!flags.model && process.stderr.isTTY && !flags.quiet) {
      process.stderr.write(`${plain(`sluice: no -m is given: asking ${provider}:${model.model}`)}\n`);
    }
    const defaults = await promptDefaults(flags, templates);
    const include = new Set(flags.include?.flatMap((one) => [...one]));
    const secrets = [...(model.key ? [model.key.value] : []), ...templates.secrets, ...connection.secrets];
    const { tokens, costOf } = tokenSettings(flags, model);
    const codec = codecOf(provider, model);
    const { host } = addressOf(model.baseUrl);
    const sources = await common.openSources();
    await carryOut<PromptTask, PromptAnswer, never>(
      { id: 'prompt', argv: this.argv, feedsBack: include.has('input') },
      { ...common, sources },
      {
        jobs: promptJobs({
          prompts,
          sources: sources.list,
          defaults,
          maxLineBytes,
          keepsInput: include.has('input') || shaping?.mergeField != null,
          keysJobs: common.outputTo !== null,
          check: codec.bodyOf,
        }),
        callOf: (task) => ({ url: null, method: 'POST', request: task.messages && codec.requestOf(task), secrets: [] }),
        laneOf: ({ payload }) => payload.lane ?? host,
        signatureOf: () => modelSignature({ provider, model: model.model }),
        hasLanes: defaults.lane !== null,
        secrets,
        file: { signatureOf: modelSignature },
        async open({ agent, mask }) {
          const { createPost } = await import('../http/post.ts');
          const view = createPromptView({ mode, isTerminal, secrets });
          const render = createPromptRow({
            include,
            provider,
            model: model.model,
            secrets,
            hasJson: schema !== null,
            now: Date.now,
          });
          return {
            attempt: createPost<PromptTask, Completion>({
              agent,
              idleTimeoutMs: flags['idle-timeout'],
              maxBodyBytes,
              requestOf: codec.requestOf,
              open: hearAnswers({ codec, hear: view.hear, isBinding: mode.isLive, schema, secrets, maxBodyBytes }),
              costOf,
              retryOn: flags['retry-on'] ?? null,
            }),
            render,
            shape:
              shaping &&
              createShape({
                ...shaping,
                isTerminal: process.stdout.isTTY ?? false,
                render,
                secrets: spokenSecrets(secrets),
              }),
            openView: view.openView,
            measure: (answer) => ({
              status: answer?.status ?? null,
              bytes: answer?.bytes ?? null,
              usage: answer?.content?.usage ?? null,
            }),
            tell: (event, status) => tellEvent(event, { mask, status, describe: () => `${model.model} at ${host}` }),
            tokens,
            keepsLog: include.has('attempts'),
            // Answers without names make sense in one order only.
            isOrdered: flags.ordered || mode.kind === 'text',
          };
        },
      },
    );
  }
}

/** What of a row depends on the configuration: who was asked. */
function modelSignature({ provider, model }: { readonly provider?: unknown; readonly model?: unknown }): string {
  return JSON.stringify([provider, model]);
}

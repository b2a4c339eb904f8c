import * as Flags from '@oclif/core/flags';
import type { TokenOptions } from '../flow/allowance.ts';
import type { PostOptions } from '../http/post.ts';
import type { Cost } from '../record/job.ts';
import type { Completion, PromptTask } from '../record/prompt.ts';
import { createTokenEstimate } from './token-estimate.ts';
import { UsageError } from './values.ts';

const helpGroup = 'FLOW';

/** How many tokens may be taken. */
export const tokenFlags = {
  tpm: Flags.custom<number>({
    parse: async (text) => parseTokens(text),
    helpGroup,
    helpValue: '200k',
    summary:
      'Tokens in any minute, for each lane (server): estimated before a call, with --max-tokens, and counted by what comes back. Default: no limit.',
  })(),
  'budget-tokens': Flags.custom<number>({
    parse: async (text) => parseTokens(text),
    helpGroup,
    helpValue: '1M',
    summary: 'Tokens of the whole run: when they are used up nothing new starts, exit 3. Default: no limit.',
  })(),
};

export type TokenFlags = { tpm?: number | undefined; 'budget-tokens'?: number | undefined };

/** What limits tokens, for the engine, and what tells it what calls took. */
export type TokenSettings = {
  readonly tokens: TokenOptions<PromptTask>;
  readonly costOf: NonNullable<PostOptions<PromptTask, Completion>['costOf']>;
};

export function tokenSettings(flags: TokenFlags, { maxTokens }: { maxTokens: number | null }): TokenSettings {
  const { tpm: perMinute = null, 'budget-tokens': total = null } = flags;
  const most = Math.min(perMinute ?? Number.POSITIVE_INFINITY, total ?? Number.POSITIVE_INFINITY);
  const { estimate, learn } = createTokenEstimate({ maxTokens, most });
  return {
    tokens: { estimate, perMinute, total },
    costOf: (job, { content, status }, { failure, budgets = [] }): Cost => {
      const usage = content?.usage ?? null;
      if (usage && usage.inputTokens !== null && usage.outputTokens !== null) {
        if (failure === null) learn(job, usage);
        return { tokens: usage.inputTokens + usage.outputTokens, budgets };
      }
      // A server that has refused has counted nothing; one that broke off does not say what it has counted.
      const isUncounted = failure !== null && (status === null ? isBeforeSending(failure.code) : status >= 300);
      return { tokens: isUncounted ? 0 : null, budgets };
    },
  };
}

function isBeforeSending(code: string): boolean {
  return code === 'dns' || code === 'connect' || code === 'tls';
}

const units = { '': 1, k: 1000, m: 1_000_000 } as const;

/** `200k`, `1.5M`, `90000`. */
export function parseTokens(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([km]?)$/i.exec(text.trim()) ?? [];
  const tokens = Math.floor(Number(amount) * (units[unit.toLowerCase() as keyof typeof units] ?? Number.NaN));
  if (amount === undefined || !(tokens >= 1 && tokens <= Number.MAX_SAFE_INTEGER)) {
    throw new UsageError(`expected a number of tokens like 90000, 200k or 1.5M, got \`${text}\``);
  }
  return tokens;
}

import type { Job } from '../record/job.ts';
import type { PromptTask, Usage } from '../record/prompt.ts';

/** UTF-8 bytes of an average token, and what a message takes beside its text. */
const bytesPerToken = 4;
const messageTokens = 4;
/** What an embedded image takes, whatever its bytes: from 85 to 1600, as the provider and the size will have it. */
const imageTokens = 1000;
const embeddedImage = /"data:image\/[^"]*"/g;
/** What an answer may take, as long as nobody has said and none has come. */
const firstAnswer = 500;
/** An estimate is corrected by what came back, within reason. */
const largestRatio = 4;

export type TokenEstimate = {
  /** What a call for this prompt may take: its text, and the longest answer or, without --max-tokens, a usual one. */
  readonly estimate: (job: Job<PromptTask>) => number;
  /** What a call took, as the provider counts: later estimates are better for it. */
  readonly learn: (job: Job<PromptTask>, usage: Usage) => void;
};

export type EstimateOptions = {
  /** The longest answer, where it is limited. */
  maxTokens: number | null;
  /** What is allowed in all: no first guess is larger. Infinity where nothing is. */
  most: number;
};

/**
 * Tokens before anybody has counted them: a quarter of the bytes, corrected by the ratio of what providers counted to
 * what was estimated. No tokenizer: those of Claude and Gemini are not public, and a quarter is as near as theirs are
 * to each other.
 */
export function createTokenEstimate({ maxTokens, most }: EstimateOptions): TokenEstimate {
  const plain = new WeakMap<PromptTask, number>();
  const plainOf = (task: PromptTask) => {
    const known = plain.get(task) ?? plainTokens(task);
    plain.set(task, known);
    return known;
  };
  let estimated = 0;
  let counted = 0;
  let answers = 0;
  let answered = 0;
  return {
    estimate({ payload }) {
      const ratio = estimated === 0 ? 1 : Math.min(largestRatio, Math.max(1 / largestRatio, counted / estimated));
      const asked = plainOf(payload) * ratio;
      // A guess alone must not keep the first call, from which better ones come, from being made.
      const guess = Math.max(1, Math.min(firstAnswer, most - asked));
      return Math.ceil(asked + (maxTokens ?? (answers === 0 ? guess : answered / answers)));
    },
    learn({ payload }, { inputTokens, outputTokens }) {
      if (inputTokens !== null && inputTokens > 0) {
        estimated += plainOf(payload);
        counted += inputTokens;
      }
      if (outputTokens === null) return;
      answers += 1;
      answered += outputTokens;
    },
  };
}

function plainTokens({ messages, tools }: PromptTask): number {
  let tokens = tools?.list ? tokensIn(JSON.stringify(tools.list)) : 0;
  for (const { content, tool_calls: calls } of messages ?? []) {
    tokens += messageTokens + (typeof content === 'string' ? tokensIn(content) : partTokens(content));
    if (calls) tokens += tokensIn(JSON.stringify(calls));
  }
  return tokens;
}

function partTokens(content: unknown): number {
  let images = 0;
  const rest = JSON.stringify(content ?? '').replace(embeddedImage, () => {
    images += 1;
    return '';
  });
  return tokensIn(rest) + images * imageTokens;
}

function tokensIn(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
}

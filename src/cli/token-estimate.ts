import type { Job } from '../record/job.ts';
import type { Message, PromptTask, Usage } from '../record/prompt.ts';

/** UTF-8 bytes of an average token, and what a message takes beside its text. */
const bytesPerToken = 4;
const messageTokens = 4;
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

/**
 * Tokens before anybody has counted them: a quarter of the bytes, corrected by the ratio of what providers counted to
 * what was estimated. No tokenizer: those of Claude and Gemini are not public, and a quarter is as near as theirs are
 * to each other.
 */
export function createTokenEstimate(maxTokens: number | null): TokenEstimate {
  let estimated = 0;
  let counted = 0;
  let answers = 0;
  let answered = 0;
  return {
    estimate({ payload: { messages } }) {
      const ratio = estimated === 0 ? 1 : Math.min(largestRatio, Math.max(1 / largestRatio, counted / estimated));
      const answer = maxTokens ?? (answers === 0 ? firstAnswer : answered / answers);
      return Math.ceil(plainTokens(messages) * ratio + answer);
    },
    learn({ payload: { messages } }, { inputTokens, outputTokens }) {
      if (inputTokens !== null && inputTokens > 0) {
        estimated += plainTokens(messages);
        counted += inputTokens;
      }
      if (outputTokens === null) return;
      answers += 1;
      answered += outputTokens;
    },
  };
}

function plainTokens(messages: readonly Message[] | null): number {
  let tokens = 0;
  for (const { content } of messages ?? []) {
    const text = typeof content === 'string' ? content : JSON.stringify(content ?? '');
    tokens += messageTokens + Math.ceil(Buffer.byteLength(text) / bytesPerToken);
  }
  return tokens;
}

import type { Completion, Usage } from '../record/prompt.ts';
import { DraftCalls } from './draft-calls.ts';
import { numberOf, textOf } from './json-fields.ts';

/**
 * An answer as far as it has come. Its text is well formed at every moment: half a surrogate pair waits for the other
 * half, which servers do send in the next event, and becomes U+FFFD when that does not come.
 */
export class Draft {
  /** In the provider's words. */
  finishReason: string | null = null;
  /** The model declined to answer, in these words; '' without any. */
  refusal: string | null = null;
  /** What the provider's filter calls its reason to stop the answer. */
  filter: string | null = null;
  /** The provider has said why the answer ended: nothing but figures can follow. */
  isFinished = false;
  /** The end mark has come: what follows is not ours. */
  isOver = false;
  /** The body of an error that came in place of an answer, or broke it off. */
  error: unknown = null;
  readonly calls = new DraftCalls();
  #text: string | null = null;
  /** Apart from the whole, which would be copied anew for each piece if a part of it were taken. */
  #added = '';
  #half = '';
  #usage: Usage | null = null;

  get hasText(): boolean {
    return Boolean(this.#text || this.#half);
  }

  /** Adds to the text; anything but a string adds nothing. */
  say(said: unknown): void {
    const text = textOf(said);
    if (text === null) return;
    const whole = this.#half + text;
    const last = whole.charCodeAt(whole.length - 1);
    const isHalf = last >= 0xd800 && last <= 0xdbff;
    this.#half = isHalf ? whole.slice(-1) : '';
    const piece = (isHalf ? whole.slice(0, -1) : whole).toWellFormed();
    this.#text = (this.#text ?? '') + piece;
    this.#added += piece;
  }

  /** What was said since the last call. */
  take(): string {
    const added = this.#added;
    this.#added = '';
    return added;
  }

  /** Adds to the words of a refusal. */
  decline(piece: unknown): void {
    this.refusal = (this.refusal ?? '') + (textOf(piece) ?? '');
  }

  finish(reason: unknown): void {
    const text = textOf(reason);
    if (!text) return;
    this.finishReason = text;
    this.isFinished = true;
  }

  /** Counts are totals: a later one takes the place of an earlier one, and one that is missing does not. */
  count(input: unknown, output: unknown): void {
    const inputTokens = numberOf(input) ?? this.#usage?.inputTokens ?? null;
    const outputTokens = numberOf(output) ?? this.#usage?.outputTokens ?? null;
    if (inputTokens !== null || outputTokens !== null) this.#usage = { inputTokens, outputTokens };
  }

  /** The first error counts: the others follow from it. */
  fail(error: unknown): void {
    this.error ??= error;
  }

  /** Null when nothing has come at all. */
  completion(): Completion | null {
    const hasSaid = this.#text !== null || this.#half || !this.calls.isEmpty;
    const hasCome = this.isOver || hasSaid || this.#usage || this.finishReason;
    if (!hasCome) return null;
    const text = this.#half ? `${this.#text ?? ''}\ufffd` : this.#text;
    const toolCalls = this.calls.isEmpty ? {} : { toolCalls: this.calls.all() };
    return { text, finishReason: this.finishReason, usage: this.#usage, ...toolCalls, ttftMs: null };
  }
}

import type { Asked } from './asked.ts';

/** What a model says: a token is four characters, as near as a mock must be. */
export type Spoken = {
  readonly tokens: readonly string[];
  /** The words in which it declines; it says nothing else then. */
  readonly refusal: string | null;
  /** The answer has more tokens than were allowed. */
  readonly isCut: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
};

/** Says back the question, the same each time. */
export function echoOf(asked: Asked): Spoken {
  return said(asked, `You said: ${asked.question}`);
}

/** The same as a JSON object, for schemas. */
export function jsonOf(asked: Asked): Spoken {
  return said(asked, JSON.stringify({ said: asked.question }));
}

export function refusalOf(asked: Asked): Spoken {
  return { ...said(asked, ''), refusal: 'I will not answer that.' };
}

function said({ conversation, maxTokens }: Asked, text: string): Spoken {
  const all = tokensOf(text);
  const isCut = maxTokens !== null && all.length > maxTokens;
  const tokens = isCut ? all.slice(0, maxTokens) : all;
  return { tokens, refusal: null, isCut, inputTokens: tokensOf(conversation).length, outputTokens: tokens.length };
}

function tokensOf(text: string): string[] {
  return text.match(/.{1,4}/gsu) ?? [];
}

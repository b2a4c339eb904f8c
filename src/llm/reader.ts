import { Failure } from '../record/failure.ts';
import { parseExactJson } from '../record/json.ts';
import type { Completion } from '../record/prompt.ts';
import type { Reading } from '../record/reply.ts';
import { createBody, maxEventChars } from './body.ts';
import type { AnswerHead, AnswerReader } from './codec.ts';
import { Draft } from './draft.ts';
import { refusalOf, type Server } from './errors.ts';
import { type Fields, fieldsOf, listOf, oneLine } from './json-fields.ts';
import { budgetsOf } from './limits.ts';

/** How one API says things. */
export type Dialect = {
  /** What an answer is, for messages: `a chat completion`. */
  readonly answer: string;
  /** Streams are JSON lines, not events. */
  readonly isLines?: boolean;
  /** `[DONE]` ends a stream. */
  readonly endsWithDone?: boolean;
  /** A stream is whole when the reason of its end has come; otherwise its end mark has to come too. */
  readonly endsWithReason?: boolean;
  /** Adds to the answer what an event or a document says; errors at the top of one are seen to already. */
  readonly take: (said: Fields, draft: Draft, name: string | null) => void;
};

export function createReader(head: AnswerHead, dialect: Dialect, server: Server): AnswerReader {
  const isOk = head.status >= 200 && head.status < 300;
  return isOk ? answerReader(head, dialect, server) : refusalReader(head, server);
}

function answerReader(head: AnswerHead, dialect: Dialect, server: Server): AnswerReader {
  const draft = new Draft();
  let broken: string | null = null;
  let isTorn = false;
  let hasEvents = false;

  const isClosed = (): boolean => draft.isOver || draft.error !== null || broken !== null;

  function take(value: unknown, name: string | null): void {
    const said = fieldsOf(value);
    if (!said || isClosed()) return;
    dialect.take(said, draft, name);
    if (said.error || name === 'error' || said.type === 'error') draft.fail(said);
  }

  const body = createBody({
    isLines: dialect.isLines ?? false,
    onEvent: ({ data, name, isTail }) => {
      hasEvents = true;
      if (isClosed() || data.trim() === '') return;
      if (data.trimStart().startsWith('[DONE]')) {
        // The mark alone is no answer.
        if (dialect.endsWithDone) draft.isOver = draft.completion() !== null;
        return;
      }
      const value = parsed(data);
      if (value !== undefined) take(value, name);
      else if (isTail) isTorn = true;
      else broken = data;
    },
  });

  /** What is there beside events: a document, or the error that a server has put between them. */
  function takeBare(): void {
    const text = body.bare();
    const value = parsed(text);
    if (body.isDocument()) {
      if (value === undefined) broken ??= text;
      // Gemini's stream without `alt=sse` is a list of what would be its events.
      for (const one of listOf(value) ?? [value]) take(one, null);
    } else {
      const one = fieldsOf(listOf(value)?.[0] ?? value);
      if (one?.error) take(one, null);
    }
  }

  /** What the answer amounts to as far as nothing was wrong with its transport. */
  function judged(cut: Failure | null): Omit<Reading<never>, 'content'> {
    if (draft.error !== null) return refusalOf({ ...head, text: '', body: draft.error }, server);
    if (body.isTooLarge()) return { failure: tooLarge() };
    if (broken !== null) {
      if (cut && body.isDocument()) return { failure: cut };
      return { failure: undecodable(`${body.isDocument() ? 'a document' : 'an event'} that is no JSON`, broken, true) };
    }
    const isWhole = draft.isOver || (draft.isFinished && !cut && (dialect.endsWithReason || body.isDocument()));
    if (!isWhole && cut) return { failure: cut };
    if (!isWhole && body.isDocument()) return { failure: undecodable('another document', body.bare(), false) };
    const isStrange = !hasEvents && !isTorn && body.bare().trim() !== '';
    if (!isWhole && isStrange) return { failure: undecodable('something else', body.bare(), false) };
    if (!isWhole) return { failure: truncated(draft.hasText) };
    return { failure: refusedBy(draft) };
  }

  function undecodable(what: string, text: string, retryable: boolean): Failure {
    const message = `expected ${dialect.answer}, got ${what}: ${oneLine(text)}`;
    return new Failure('decode', message, { phase: 'body', retryable });
  }

  return {
    push: (bytes) => {
      if (!isClosed()) body.push(bytes);
      return draft.take();
    },
    end: (cut) => {
      body.end();
      takeBare();
      const reading = judged(cut);
      return { content: draft.completion(), ...reading, budgets: budgetsOf(head.headers) };
    },
  };
}

function refusedBy({ refusal, filter }: Draft): Failure | null {
  if (refusal !== null) {
    return new Failure('refused', `the model declined to answer${refusal ? `: ${oneLine(refusal)}` : ''}`);
  }
  if (filter === null) return null;
  return new Failure('refused', `the provider's content filter stopped the answer (${oneLine(filter)})`);
}

function truncated(hasText: boolean): Failure {
  const message = `the stream ended without its end mark, ${hasText ? 'in the middle of the answer' : 'before the answer'}`;
  return new Failure('truncated', message, { phase: 'body', retryable: true });
}

function tooLarge(): Failure {
  return new Failure('too_large', `one event of the stream has more than ${maxEventChars} characters`, {
    phase: 'body',
  });
}

/** Error pages may be long: no reason is. */
const maxReasonBytes = 1024 ** 2;

/** A refusal's status says more than what cut its reason short. Some servers put that into an event, as in a stream. */
function refusalReader(head: AnswerHead, server: Server): AnswerReader {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  return {
    push: (piece) => {
      if (bytes < maxReasonBytes) pieces.push(piece.slice());
      bytes += piece.length;
      return '';
    },
    end: (): Reading<Completion> => {
      // Strips a byte order mark too.
      const text = new TextDecoder().decode(Buffer.concat(pieces));
      const [, event] = /^data:(.*)$/m.exec(text) ?? [];
      const refusal = refusalOf({ ...head, text, body: parsed(text) ?? parsed(event ?? '') }, server);
      return { content: null, ...refusal, budgets: budgetsOf(head.headers) };
    },
  };
}

/** What may hold the arguments of a call as an object, whose numbers are to stay as they are. */
const mayCall = /"(?:tool_use|functionCall|tool_calls)"/;

function parsed(text: string): unknown {
  try {
    return mayCall.test(text) ? parseExactJson(text) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

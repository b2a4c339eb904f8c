import type { PostOptions } from '../http/post.ts';
import type { Codec } from '../llm/codec.ts';
import type { Delta } from '../output/delta-row.ts';
import { spokenSecrets } from '../output/prompt-row.ts';
import { Failure } from '../record/failure.ts';
import type { Completion, PromptTask } from '../record/prompt.ts';
import type { Reading } from '../record/reply.ts';
import { createMaskStreams } from '../record/secret-stream.ts';
import type { AnswerSchema } from './answer-schema.ts';

export type HearOptions = {
  codec: Codec;
  /** Takes each piece of text as it comes, secrets masked; a promise makes the server wait. Null when nobody listens. */
  hear: ((delta: Delta) => void | Promise<void>) | null;
  /** What was heard cannot be taken back: after the first piece there is no other attempt. */
  isBinding: boolean;
  /** What answers must fit. */
  schema: AnswerSchema | null;
  secrets: readonly string[];
  /** More bytes than this are no answer. */
  maxBodyBytes: number;
};

type Open = PostOptions<PromptTask, Completion>['open'];

/** Reads answers by a codec: times the first text, passes text on as it comes, and checks the whole. */
export function hearAnswers({ codec, hear, isBinding, schema, secrets, maxBodyBytes }: HearOptions): Open {
  const createMaskStream = createMaskStreams(spokenSecrets(secrets));
  return (head, { job: { index, id }, attempt, sinceMs }) => {
    const reader = codec.open(head);
    const mask = hear && createMaskStream();
    let ttftMs: number | null = null;
    let pushed = 0;
    let isHeard = false;

    const say = (text: string) => {
      if (text === '' || !hear) return;
      isHeard = true;
      return hear({ index, id, attempt, text });
    };
    return {
      push(bytes) {
        const text = reader.push(bytes);
        if (text === '') return;
        ttftMs ??= performance.now() - sinceMs;
        pushed += text.length;
        return mask ? say(mask.push(text)) : undefined;
      },
      end(cut) {
        const reading = reader.end(cut?.code === 'too_large' ? tooLarge(cut, maxBodyBytes) : cut);
        const content = reading.content && { ...reading.content, ttftMs };
        // An answer in one piece is one delta.
        if (mask) void say(mask.push(content?.text?.slice(pushed) ?? '') + mask.end());
        return { ...checked({ ...reading, content }, schema), isFinal: isBinding && isHeard };
      },
    };
  };
}

/** What reads bodies knows of `fetch` alone, where the limit is a flag. */
function tooLarge(cut: Failure, maxBodyBytes: number): Failure {
  return cut.with({ message: `the answer is larger than ${maxBodyBytes} bytes: no model says so much` });
}

function checked(reading: Reading<Completion>, schema: AnswerSchema | null): Reading<Completion> {
  const { content, failure } = reading;
  if (!schema || !content || failure) return reading;
  // No answer yet: that comes when the tools have been called.
  if (content.toolCalls && !content.text) return reading;
  const json = schema.check(content.text ?? '');
  if (!(json instanceof Failure)) return { ...reading, content: { ...content, json } };
  const isCut = /^(?:length|max_(?:output_)?tokens)$/i.test(content.finishReason ?? '');
  const told = isCut ? `${json.message}; it was cut off (finish_reason ${content.finishReason})` : json.message;
  return { ...reading, failure: new Failure('schema', told) };
}

import { expect, test } from 'vitest';
import { hearAnswers } from '../../src/cli/hear-answers.ts';
import { Failure } from '../../src/record/failure.ts';
import { codecNamed } from '../llm/support.ts';

test('an answer that is too large is told without the flag of another command', () => {
  const codec = codecNamed('openai');
  const open = hearAnswers({ codec, hear: null, isBinding: false, schema: null, secrets: [], maxBodyBytes: 1000 });
  const job = { index: 0, id: null, payload: { messages: null, lane: null, input: null } };
  const reader = open({ status: 200, headers: {} }, { job, attempt: 1, sinceMs: 0 });
  const cut = new Failure('too_large', 'the body is larger than 1000 bytes (--max-body)', { phase: 'body' });
  const { failure } = reader.end(cut);
  expect(failure).toMatchObject({ code: 'too_large', phase: 'body', retryable: false });
  expect(failure?.message).toBe('the answer is larger than 1000 bytes: no model says so much');
});

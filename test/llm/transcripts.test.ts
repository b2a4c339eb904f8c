import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/record/failure.ts';
import { codecNamed, readIn } from './support.ts';
import { type Transcript, transcripts } from './transcripts.ts';

const reset = new Failure('reset', 'the connection broke', { retryable: true });

function readPieces({ codec }: Transcript, pieces: readonly Uint8Array[], cut: Failure | null = null) {
  return readIn(codecNamed(codec).open({ status: 200, headers: {} }), pieces, cut);
}

function expected({ text, finishReason, usage: [inputTokens, outputTokens], toolCalls }: Transcript) {
  const calls = toolCalls && { toolCalls };
  return { text, finishReason, usage: { inputTokens, outputTokens }, ...calls, ttftMs: null };
}

const isDocument = ({ file }: Transcript): boolean => file.endsWith('.json');

describe.each(transcripts)('$file', (transcript) => {
  const { bytes, text } = transcript;
  const whole = text ?? '';

  test('is understood', () => {
    const { content, failure, told } = readPieces(transcript, [bytes]);
    expect([content, failure]).toEqual([expected(transcript), null]);
    expect(told).toEqual([isDocument(transcript) ? '' : whole]);
  });

  test('is the same when it is cut at any byte', () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      const { content, failure, told } = readPieces(transcript, [bytes.subarray(0, at), bytes.subarray(at)]);
      expect([content, failure, at]).toEqual([expected(transcript), null, at]);
      expect(told.every((piece) => piece.isWellFormed())).toBe(true);
      expect(told.join('')).toBe(isDocument(transcript) ? '' : whole);
    }
  });

  test('is the same in random pieces, and byte by byte', () => {
    const places = fc.array(fc.nat({ max: bytes.length }), { maxLength: 40 });
    const everywhere = Array.from(bytes, (_, at) => at);
    fc.assert(
      fc.property(places, (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = ends.map((end, nth) => bytes.subarray(ends[nth - 1] ?? 0, end));
        const { content, failure, told } = readPieces(transcript, pieces);
        expect([content, failure]).toEqual([expected(transcript), null]);
        expect(told.every((piece) => piece.isWellFormed())).toBe(true);
      }),
      { numRuns: 50, examples: [[everywhere]] },
    );
  });

  test('that ends too early is `truncated`, or its connection’s failure, with the text that came until then', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      const piece = bytes.subarray(0, length);
      for (const cut of [null, reset]) {
        const { content, failure, told } = readPieces(transcript, [piece], cut);
        const said = content?.text ?? '';
        expect(whole.startsWith(said) || said === `${told.join('')}\ufffd`).toBe(true);
        expect(said.startsWith(told.join(''))).toBe(true);
        // What is missing is not missed: white space, or figures after the last word.
        if (failure === null) expect([said, length > bytes.length / 2]).toEqual([whole, true]);
        else if (cut) expect(failure).toBe(cut);
        else expect([codesOf(transcript).includes(failure.code), failure.retryable]).toEqual([true, true]);
      }
    }
  });

  test('that has its end mark is whole, though its connection breaks then', () => {
    const { content, failure } = readPieces(transcript, [bytes], reset);
    if (transcript.endsWith === null) expect(failure).toBe(failure === null ? null : reset);
    else expect(failure).toBeNull();
    expect(content).toEqual(expected(transcript));
  });
});

const streams = transcripts.filter((transcript) => !isDocument(transcript));

test.each(streams)('$file with a broken event is `decode`, with the text before it', (transcript) => {
  const { bytes, file, text, toolCalls } = transcript;
  const middle = bytes.indexOf('\n', bytes.length / 3) + 1;
  const broken = file.endsWith('.sse') ? '\r\n\r\ndata: {"choices": <<<\r\n\r\n' : '{"message": <<<\n';
  const pieces = [bytes.subarray(0, middle), Buffer.from(broken), bytes.subarray(middle)];
  const { content, failure } = readPieces(transcript, pieces);
  expect(failure).toMatchObject({ code: 'decode', phase: 'body', retryable: true });
  const whole = text ?? '';
  const said = content?.text ?? '';
  const called = JSON.stringify(content?.toolCalls ?? []);
  const isHalf = said.length < whole.length || called.length < JSON.stringify(toolCalls ?? []).length;
  expect([whole.startsWith(said), isHalf]).toEqual([true, text !== null || toolCalls !== undefined]);
});

/** Half a document is no JSON, unless it could be a line of a stream. */
function codesOf(transcript: Transcript): string[] {
  return isDocument(transcript) ? ['decode', 'truncated'] : ['truncated'];
}

test('no bytes make any codec throw', () => {
  const codecs = [...new Set(transcripts.map(({ codec }) => codec))];
  const mangled = fc
    .tuple(fc.constantFrom(...transcripts), fc.nat(), fc.uint8Array({ maxLength: 8 }))
    .map(([{ bytes }, place, noise]) => {
      const at = place % bytes.length;
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + 3)]);
    });
  const json = fc.json().map((text) => Buffer.from(`data: ${text}\n\n`));
  const body = fc.oneof(mangled, json, fc.uint8Array({ maxLength: 200 }));
  const statuses = fc.constantFrom(200, 400, 429, 503);
  fc.assert(
    fc.property(fc.constantFrom(...codecs), body, statuses, (codec, bytes, status) => {
      const reading = readIn(codecNamed(codec).open({ status, headers: {} }), [bytes]);
      if (status === 200) expect(reading.content ?? reading.failure).not.toBeNull();
      else expect(reading.failure).not.toBeNull();
      expect((reading.content?.text ?? '').isWellFormed()).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

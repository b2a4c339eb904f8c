import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SharedAnswer } from '../flow/sharing.ts';
import { Failure } from '../record/failure.ts';

export type AnswerStore<Value> = {
  get(key: string): SharedAnswer<Value> | null;
  set(key: string, answer: SharedAnswer<Value>): void;
  close(): void;
};

/** Where an answer stands in the file. */
type Place = { readonly at: number; readonly length: number };

/**
 * Keeps what came of each different request of a run: up to `maxBytes` in memory, what is more in a temporary file that
 * goes with the process. Values must be what JSON can hold.
 */
export function createAnswerStore<Value>({ maxBytes = 64 * 1024 ** 2 } = {}): AnswerStore<Value> {
  const kept = new Map<string, Buffer | Place>();
  let bytes = 0;
  let file: number | null = null;
  let end = 0;

  /** Null where the disk takes no more: memory is what is left then. */
  function spill(content: Buffer): Place | null {
    try {
      file ??= openUnnamed();
      for (let done = 0; done < content.length; ) {
        done += writeSync(file, content, done, content.length - done, end + done);
      }
    } catch {
      return null;
    }
    const place = { at: end, length: content.length };
    end += content.length;
    return place;
  }

  function read({ at, length }: Place): Buffer {
    const content = Buffer.alloc(length);
    for (let done = 0; done < length && file !== null; ) {
      const count = readSync(file, content, done, length - done, at + done);
      if (count === 0) throw new Error('the temporary file of --unique has been cut short');
      done += count;
    }
    return content;
  }

  return {
    get(twin) {
      const found = kept.get(twin);
      return found ? landedOf<Value>(Buffer.isBuffer(found) ? found : read(found)) : null;
    },
    set(twin, landed) {
      const content = Buffer.from(JSON.stringify({ ...landed, failure: landed.failure && fieldsOf(landed.failure) }));
      bytes += content.length;
      kept.set(twin, bytes <= maxBytes ? content : (spill(content) ?? content));
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

/** Open, but under no name: it is gone with the process, however that ends. */
function openUnnamed(): number {
  const path = join(tmpdir(), `sluice-${crypto.randomUUID()}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

type FailureFields = Pick<Failure, 'code' | 'message' | 'phase' | 'retryable'> & {
  readonly cause: { readonly message: string; readonly code?: unknown } | null;
};

function fieldsOf({ code, message, phase, retryable, cause }: Failure): FailureFields {
  const beneath = cause instanceof Error ? { message: cause.message, code: (cause as { code?: unknown }).code } : null;
  return { code, message, phase, retryable, cause: beneath };
}

function landedOf<Value>(content: Buffer): SharedAnswer<Value> {
  const { failure, ...landed } = JSON.parse(content.toString()) as SharedAnswer<Value> & {
    failure: FailureFields | null;
  };
  if (!failure) return { ...landed, failure: null };
  const { code, message, phase, retryable, cause } = failure;
  const beneath = cause ? { cause: Object.assign(new Error(cause.message), { code: cause.code }) } : {};
  return { ...landed, failure: new Failure(code, message, { phase, retryable, ...beneath }) };
}

import { escapeUnsafe } from '../record/json.ts';
import { createMask } from '../record/secrets.ts';
import { spokenSecrets } from './prompt-row.ts';
import { string } from './row-fields.ts';

/** A piece of an answer on its way. */
export type Delta = {
  readonly index: number;
  readonly id: string | null;
  /** Deltas of another attempt begin anew: what the ones before said is void. */
  readonly attempt: number;
  /** Secrets masked. */
  readonly text: string;
};

/** Writes a delta as its row, by prompt-delta.schema.json. */
export function createDeltaRow(secrets: readonly string[]): (delta: Delta) => string {
  const mask = createMask(spokenSecrets(secrets));
  return ({ index, id, attempt, text }) =>
    escapeUnsafe(
      `{"type":"delta","index":${index},"id":${string(id, mask)},"attempt":${attempt},"text":${JSON.stringify(text)}}`,
    );
}

/** The row of a result among deltas. */
export function resultRow(row: string): string {
  return `{"type":"result",${row.slice(1)}`;
}

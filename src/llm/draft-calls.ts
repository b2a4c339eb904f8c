import { exactJson } from '../record/json.ts';
import type { ToolCall } from '../record/prompt.ts';
import { type Fields, fieldsOf, textOf } from './json-fields.ts';

/** A call as a provider tells it, or the first piece of one. */
export type SaidCall = {
  readonly id?: unknown;
  readonly name?: unknown;
  /** JSON text, or a piece of it; or the object itself. */
  readonly input?: unknown;
  readonly signature?: unknown;
};

type OpenCall = { id: string | null; name: string; signature: string | null; pieces: string[] };

/** Calls of tools as far as they have come, in pieces or whole. */
export class DraftCalls {
  readonly #all: OpenCall[] = [];
  readonly #open = new Map<unknown, OpenCall>();

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Adds a call, or to the one of the same `key` unless it is another by its id. With the key null it is whole. */
  take(key: number | null, { id, name, input, signature }: SaidCall): void {
    const known = key === null ? undefined : this.#open.get(key);
    const isOther = Boolean(known?.id && textOf(id) && known.id !== id);
    const call = known && !isOther ? known : this.#begin(key);
    call.id ??= textOf(id) || null;
    call.name ||= textOf(name) ?? '';
    call.signature ??= textOf(signature) || null;
    const piece = textOf(input) ?? jsonOf(fieldsOf(input));
    if (piece !== '') call.pieces.push(piece);
  }

  /** Adds to the arguments of a call that has begun, and of no other. */
  add(key: number | null, piece: unknown): void {
    this.#open.get(key)?.pieces.push(textOf(piece) ?? '');
  }

  /** Arguments that are not there at all are none: an object without fields. */
  all(): ToolCall[] {
    return this.#all.map(({ id, name, signature, pieces }) => ({
      id: id?.toWellFormed() ?? null,
      name: name.toWellFormed(),
      arguments: pieces.join('').toWellFormed() || '{}',
      signature: signature?.toWellFormed() ?? null,
    }));
  }

  #begin(key: number | null): OpenCall {
    const call = { id: null, name: '', signature: null, pieces: [] };
    this.#all.push(call);
    if (key !== null) this.#open.set(key, call);
    return call;
  }
}

/** Nothing for an object without fields: where a stream begins a call with one, its arguments are still to come. */
function jsonOf(input: Fields | null): string {
  if (input === null || Object.keys(input).length === 0) return '';
  try {
    return exactJson(input);
  } catch {
    // Nested so deep that it cannot be written: no tool takes it.
    return '';
  }
}

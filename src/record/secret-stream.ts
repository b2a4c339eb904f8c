import { createMask, secretForms } from './secrets.ts';

/** Masks a text that comes in pieces: what may be the beginning of a secret waits for the next piece. */
export type MaskStream = {
  /** The text that can be shown by now. */
  push(piece: string): string;
  /** The rest, once there is no more. */
  end(): string;
};

/** Makes mask streams for these secrets; the pieces of each together are what `createMask` makes of the whole. */
export function createMaskStreams(secrets: Iterable<string>): () => MaskStream {
  const forms = secretForms(secrets);
  const mask = createMask(forms);
  if (!mask) return () => ({ push: (piece) => piece, end: () => '' });
  const longest = Math.max(...forms.map(({ length }) => length));

  /** Where the first form begins that may go on behind the text's end. */
  function beginning(text: string): number {
    for (let from = Math.max(0, text.length - longest + 1); from < text.length; from += 1) {
      const end = text.slice(from);
      if (forms.some((form) => form.length > end.length && form.startsWith(end))) return from;
    }
    return text.length;
  }

  /** The same, and never inside a form that is whole. */
  function pendingFrom(text: string): number {
    let from = beginning(text);
    for (let place = 0; place < forms.length; place += 1) {
      const form = forms[place] ?? '';
      const start = from === 0 ? -1 : text.lastIndexOf(form, from - 1);
      if (start === -1 || start + form.length <= from) continue;
      from = start;
      place = -1;
    }
    return from;
  }

  return () => {
    let kept = '';
    return {
      push(piece) {
        const text = kept + piece;
        const from = pendingFrom(text);
        kept = text.slice(from);
        return mask(text.slice(0, from));
      },
      end() {
        const rest = mask(kept);
        kept = '';
        return rest;
      },
    };
  };
}

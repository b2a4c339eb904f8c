/** C0, DEL, C1 (8-bit escapes), and what reorders or breaks a line of text: everything a terminal may act on. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * Text as one line that a terminal shows and never obeys. Whatever came from outside (a URL, a server's message)
 * passes here on its way to stderr; what a tab or a line break kept apart stays apart.
 */
export function plain(text: string): string {
  return text.replace(unprintable, (match) => (/[\t\n\r\u2028\u2029]/.test(match) ? ' ' : ''));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey; tab and line feed stay
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Text of several lines as a terminal may have it: those that came with it stay, all else that it would obey is left out. */
export function disarmed(text: string): string {
  return text.replace(obeyed, '');
}

const escapes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** Colours text, or leaves it as it is: NO_COLOR and the like have been decided by the caller. */
export type Paint = (style: keyof typeof escapes, text: string) => string;

export function createPaint(color: boolean): Paint {
  if (!color) return (_style, text) => text;
  return (style, text) => `\u001b[${escapes[style][0]}m${text}\u001b[${escapes[style][1]}m`;
}

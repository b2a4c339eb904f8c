/**
 * The text of a field as it is written in the text of a JSON object, the last one's where a name stands twice: JavaScript
 * would put names that are numbers first, drop what stands twice, and spell escapes anew. Null where there is no such
 * field. The text has to be valid JSON.
 */
export function rawField(json: string, name: string): string | null {
  let found: string | null = null;
  let depth = 0;
  let isName = false;
  /** Where the value begins that is looked for, or -1 outside of it. */
  let from = -1;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') {
      const end = endOfString(json, at);
      if (depth === 1 && isName) {
        isName = false;
        // Behind the colon, which comes next.
        if (isSpelled(json.slice(at, end), name)) from = json.indexOf(':', end) + 1;
      }
      at = end - 1;
    } else if (character === '{' || character === '[') {
      depth += 1;
      isName ||= depth === 1;
    } else if (character === '}' || character === ']' || character === ',') {
      if (depth === 1) {
        if (from !== -1) found = json.slice(from, at);
        from = -1;
        isName = true;
      }
      if (character !== ',') depth -= 1;
    }
  }
  return found?.trim() ?? null;
}

/** Behind its closing quote. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}

/** Any character of a name may be an escape. */
function isSpelled(quoted: string, name: string): boolean {
  return quoted.includes('\\')
    ? JSON.parse(quoted) === name
    : quoted.length === name.length + 2 && quoted.startsWith(name, 1);
}

export type Lines = {
  push(text: string): void;
  /** The rest is a line too. */
  end(): void;
};

const lineEnd = /\r\n?|\n/g;

/**
 * Text, cut anywhere, to lines that end with LF, CRLF or CR. A line is kept in pieces until it ends: joined at each
 * piece, a long one would cost its length squared. One of more than `maxChars` is told to `onTooLong`, and dropped.
 */
export function createLines(onLine: (line: string) => void, maxChars: number, onTooLong: () => void): Lines {
  let pieces: string[] = [];
  let chars = 0;
  // The last line ended with CR: an LF that comes now belongs to it.
  let mayEndTwice = false;

  function keep(text: string): void {
    chars += text.length;
    if (chars > maxChars) {
      onTooLong();
      pieces = [];
    } else if (text !== '') pieces.push(text);
  }

  function finish(): void {
    const line = pieces.length === 1 ? (pieces[0] ?? '') : pieces.join('');
    pieces = [];
    chars = 0;
    onLine(line);
  }

  return {
    push(text) {
      if (text === '') return;
      let from = mayEndTwice && text.startsWith('\n') ? 1 : 0;
      mayEndTwice = text.endsWith('\r');
      lineEnd.lastIndex = from;
      for (let end = lineEnd.exec(text); end; end = lineEnd.exec(text)) {
        keep(text.slice(from, end.index));
        from = end.index + end[0].length;
        finish();
        // Whoever is told of a line may split another text.
        lineEnd.lastIndex = from;
      }
      keep(text.slice(from));
    },
    end() {
      if (pieces.length > 0) finish();
    },
  };
}

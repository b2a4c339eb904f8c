import { Writable } from 'node:stream';

/** A stream that is no terminal: keeps what was written to it. A stuck one takes nothing more until it is released. */
export function createFakePipe({ isStuck = false } = {}) {
  let text = '';
  let release = () => {};
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, callback) {
      text += chunk;
      if (isStuck) release = callback;
      else callback();
    },
  });
  return {
    stream,
    text: () => text,
    release() {
      isStuck = false;
      release();
    },
  };
}

/** A terminal of one changing line: what scrolled by, and what now stands where the cursor is. */
export function createFakeTerminal({ columns = 80 } = {}) {
  const scrolled: string[] = [];
  let line = '';
  let column = 0;
  let isGone = false;

  function show(text: string): void {
    if (isGone) throw Object.assign(new Error('write EIO'), { code: 'EIO' });
    // ora brackets each drawing with these, so that it appears at once.
    const [first = '', ...rest] = text.replaceAll('\u001b[?2026h', '').replaceAll('\u001b[?2026l', '').split('\n');
    put(first);
    for (const part of rest) {
      scrolled.push(line);
      line = '';
      column = 0;
      put(part);
    }
  }

  function put(text: string): void {
    line = line.slice(0, column) + text;
    column = line.length;
  }

  const stream = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, callback) {
        show(chunk);
        callback();
      },
    }),
    {
      isTTY: true,
      columns,
      cursorTo(to: number) {
        column = to;
      },
      clearLine() {
        line = line.slice(0, column);
      },
      moveCursor() {
        throw new Error('the progress line was wrapped');
      },
    },
  );
  return {
    stream,
    scrolled,
    line: () => line,
    /** The window is closed: from now on writing throws. */
    goAway() {
      isGone = true;
    },
  };
}

/** Bytes that come in pieces, in one buffer: joined at each piece, they would cost the square of their length. */
export class GrowingBuffer {
  #room = Buffer.allocUnsafe(0);
  length = 0;

  append(bytes: Uint8Array): void {
    const needed = this.length + bytes.length;
    if (needed > this.#room.length) {
      const room = Buffer.allocUnsafe(Math.max(needed, 2 * this.#room.length));
      this.#room.copy(room, 0, 0, this.length);
      this.#room = room;
    }
    this.#room.set(bytes, this.length);
    this.length = needed;
  }

  /** All that has come so far. */
  view(): Buffer {
    return this.#room.subarray(0, this.length);
  }

  /** All that has come, which is nobody else's from now on. */
  take(): Buffer {
    const all = this.view();
    this.#room = Buffer.allocUnsafe(0);
    this.length = 0;
    return all;
  }
}

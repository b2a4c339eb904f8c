import { Socket } from 'node:net';

/** Every socket that gets little at a time reads into it; what has come is copied before another reads. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** A socket that gets much has a buffer of its own for each read: so much at once takes the least CPU for a gigabyte. */
const ownBytes = 128 * 1024;
/**
 * From so many bytes on it is handed on with them and not copied: it must not keep much more memory than they take. One
 * segment of the loopback device, of 65,483 bytes, is enough.
 */
const leastHandedOn = 48 * 1024;
/** With less than this at a time a socket gets little. */
const leastMuch = 16 * 1024;

/**
 * Reads a socket past the machinery of Node's streams, which takes a tenth of the CPU of a small exchange: bytes go from
 * `onread` to who listens for 'readable' and calls `read`, all in one turn. undici asks for no more. Bytes that nobody
 * takes stop the reading until somebody does.
 */
export class DirectReading {
  readonly #held: Buffer[] = [];
  #socket: Socket | null = null;
  /** Node.js reads on when it is asked to. */
  #isStopped = false;

  /** Where the next bytes go. */
  #room = shared;

  /** For `net.connect`. */
  readonly onread = {
    buffer: (): Buffer => this.#room,
    callback: (length: number): boolean => this.#arrived(length),
  };

  /** To be called in the turn in which the socket is made. */
  attach(socket: Socket): void {
    this.#socket = socket;
    socket.read = (size) => this.#read(size);
    socket.unshift = (chunk: Buffer) => {
      if (chunk.length > 0) this.#held.unshift(chunk);
    };
  }

  #arrived(length: number): boolean {
    this.#held.push(this.#taken(length));
    this.#socket?.emit('readable');
    this.#isStopped = this.#held.length > 0;
    return !this.#isStopped;
  }

  /** The bytes that are in the room, for which there is room again. */
  #taken(length: number): Buffer {
    const room = this.#room;
    const isOwn = room !== shared;
    if (isOwn && length >= leastHandedOn) {
      this.#room = Buffer.allocUnsafeSlow(ownBytes);
      return room.subarray(0, length);
    }
    if (isOwn && length < leastMuch) this.#room = shared;
    else if (!isOwn && length === room.length) this.#room = Buffer.allocUnsafeSlow(ownBytes);
    const copy = Buffer.allocUnsafe(length);
    room.copy(copy, 0, 0, length);
    return copy;
  }

  /** With a size of 0, Node.js itself looks whether there is something to do. undici asks several times an exchange: that must cost nothing. */
  #read(size?: number): Buffer | null {
    const chunk = size === 0 ? null : (this.#held.shift() ?? null);
    const isWanted = size === 0 || this.#isStopped;
    if (isWanted && this.#held.length === 0 && this.#socket) {
      this.#isStopped = false;
      Socket.prototype.read.call(this.#socket, 0);
    }
    return chunk;
  }
}

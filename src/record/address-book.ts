import type { Address } from './request.ts';

/**
 * What a path and query may be made of for the URL standard to leave them as they are: no character that it encodes
 * or drops, and no segment `.` or `..`.
 */
const untouched = /^\/[\w\-~!$&()*+,;=:@/%.]*(?:\?[\w\-~!$&()*+,;=:@/%.?]*)?$/;
const dots = /\/(?:\.|%2e)/i;

/**
 * Knows the origin of the URL before: most lists name few hosts, and parsing a whole URL costs ten times as much as
 * finding that it begins like the last one. The strings are shared, so that looking them up later is cheap too.
 */
export class AddressBook {
  #prefix: string | null = null;
  #last: Address | null = null;

  /** The address that parsing the text as a URL would give, if that can be told without; else null. */
  find(text: string): Address | null {
    if (this.#prefix === null || this.#last === null || !text.startsWith(this.#prefix)) return null;
    const path = text.slice(this.#prefix.length);
    if (!untouched.test(path) || dots.test(path)) return null;
    const { origin, host } = this.#last;
    return { origin, host, path };
  }

  /** Notes what parsing the text came to. One with credentials is not noted: it begins otherwise. */
  note(text: string, address: Address): void {
    const isAsWritten = text.startsWith(`${address.origin}/`);
    this.#prefix = isAsWritten ? address.origin : null;
    this.#last = address;
  }
}

import type { Caller } from './caller.ts';
import { Fifo } from './fifo.ts';
import type { Waiter } from './waiter.ts';

/** The waiters of one run. */
class Line {
  readonly caller: Caller;
  readonly hops = new Fifo<Waiter>();
  readonly others = new Fifo<Waiter>();

  constructor(caller: Caller) {
    this.caller = caller;
  }

  get length(): number {
    return this.hops.length + this.others.length;
  }

  of({ isHop }: Waiter): Fifo<Waiter> {
    return isHop ? this.hops : this.others;
  }

  get head(): Waiter | undefined {
    return this.hops.head ?? this.others.head;
  }
}

/**
 * The waiters of a lane in order of arrival, hops before those whose attempt has not begun. The waiters of a run whose
 * output has backpressure stand aside for those of other runs: it may be these that write what the others wait for.
 */
export class WaitQueue {
  /** One for each run with a waiter: nearly always one. */
  readonly #lines: Line[] = [];
  #isSweeping = false;

  get length(): number {
    let length = 0;
    for (const line of this.#lines) length += line.length;
    return length;
  }

  /** Who is next. Its run has backpressure only where all have. */
  get head(): Waiter | undefined {
    const [only, ...others] = this.#lines;
    return others.length === 0 ? only?.head : this.#next(this.#lines)?.head;
  }

  enter(waiter: Waiter): void {
    this.#lineOf(waiter).of(waiter).push(waiter);
  }

  /** Takes its place again: the first of its kind. */
  return(waiter: Waiter): void {
    this.#lineOf(waiter).of(waiter).putFirst([waiter]);
  }

  /** Takes out this waiter, which is the head. */
  shift(head: Waiter): void {
    const line = this.#lineOf(head);
    line.of(head).shift();
    if (line.length === 0 && this.#lines.length > 1) this.#lines.splice(this.#lines.indexOf(line), 1);
  }

  /** Those for whom `stays` is false leave. It may let others enter: they stand behind. */
  keep(stays: (waiter: Waiter) => boolean): void {
    const queues = this.#lines.flatMap(({ hops, others }) => [hops, others]);
    const before = queues.map((queue) => ({ queue, waiters: queue.drain() }));
    this.#isSweeping = true;
    for (const { queue, waiters } of before) queue.putFirst(waiters.filter(stays));
    this.#isSweeping = false;
  }

  #lineOf({ caller }: Waiter): Line {
    for (const line of this.#lines) if (line.caller === caller) return line;
    // The last waiter of another run has left it.
    if (!this.#isSweeping && this.#lines.length === 1 && this.#lines[0]?.length === 0) this.#lines.pop();
    const line = new Line(caller);
    this.#lines.push(line);
    return line;
  }

  #next(lines: readonly Line[]): Line | undefined {
    const waiting = lines.filter(({ length }) => length > 0);
    const open = waiting.filter(({ caller }) => !caller.hasBackpressure());
    const [first, ...rest] = open.length > 0 ? open : waiting;
    return rest.reduce((best, line) => (isBefore(line.head, best?.head) ? line : best), first);
  }
}

function isBefore(a: Waiter | undefined, b: Waiter | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.isHop === b.isHop ? a.sinceMs < b.sinceMs : a.isHop;
}

import { setImmediate } from 'node:timers/promises';
import type { Clock, Timer } from '../../src/flow/clock.ts';

/** Lets every promise that can go on go on. No time passes. */
export async function turn(): Promise<void> {
  await setImmediate();
}

type Armed = { readonly timer: Timer; readonly atMs: number; readonly callback: () => void };

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #armed: Armed[] = [];

  now(): number {
    return this.#nowMs;
  }

  /** Node.js warns of a time that is over, where a person would read it. */
  setTimeout(callback: () => void, ms: number): Timer {
    if (ms < 0) throw new Error(`a timer for a time that is over: ${ms} ms`);
    return this.#arm(Math.max(1, ms), callback);
  }

  wakeIn(ms: number, callback: () => void): () => void {
    const timer = this.#arm(ms, callback);
    return () => this.clearTimeout(timer);
  }

  clearTimeout(timer: Timer | undefined): void {
    this.#armed = this.#armed.filter((armed) => armed.timer !== timer);
  }

  /** Timers and wake-up calls that are armed. */
  get pending(): number {
    return this.#armed.length;
  }

  /** Moves time on by `ms`. Each timer fires at its time, and what it sets off happens before the next. */
  async advance(ms: number): Promise<void> {
    await turn();
    const untilMs = this.#nowMs + ms;
    while (this.#fireNext(untilMs)) await turn();
    this.#nowMs = untilMs;
    await turn();
  }

  /** The same, but at one stroke: no promise goes on meanwhile. */
  jump(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#fireNext(untilMs));
    this.#nowMs = untilMs;
  }

  /** Moves time on to the next timer and fires it. */
  fireNext(): void {
    this.#fireNext(Number.POSITIVE_INFINITY);
  }

  #arm(ms: number, callback: () => void): Timer {
    const timer = {} as Timer;
    this.#armed.push({ timer, atMs: this.#nowMs + ms, callback });
    return timer;
  }

  #fireNext(untilMs: number): boolean {
    const next = this.#armed.reduce<Armed | null>(
      (first, armed) => (first && first.atMs <= armed.atMs ? first : armed),
      null,
    );
    if (!next || next.atMs > untilMs) return false;
    this.clearTimeout(next.timer);
    this.#nowMs = next.atMs;
    next.callback();
    return true;
  }
}

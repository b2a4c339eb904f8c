import type { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';

/** What came of a call, as far as it is the same for all who wanted it. */
export type Landed<Value> = {
  readonly value: Value | null;
  readonly failure: Failure | null;
  readonly hops: number;
};

export type SharingOptions<Payload, Value> = {
  /** The same for jobs whose calls are the same; null for one that shares with none. */
  twinOf: (job: Job<Payload>) => string | null;
  /** What has landed so far; where it is kept is the caller's affair. */
  store: {
    get(twin: string): Landed<Value> | null;
    set(twin: string, landed: Landed<Value>): void;
  };
};

type Flight<Payload, Value> = { readonly leader: Job<Payload>; readonly others: ((landed: Landed<Value>) => void)[] };

/**
 * One call for all jobs that would make the same, in flight or long over: the first to come makes it, with all its
 * attempts, and the others take what came of it, a failure too. They pass no lane and no gate.
 */
export class Sharing<Payload, Value> {
  readonly #options: SharingOptions<Payload, Value>;
  readonly #flights = new Map<string, Flight<Payload, Value>>();

  constructor(options: SharingOptions<Payload, Value>) {
    this.#options = options;
  }

  /** True when the job is to make its call. Else `take` has what came of its twin's, or will have it. */
  isFirst(job: Job<Payload>, take: (landed: Landed<Value>) => void): boolean {
    const twin = this.#options.twinOf(job);
    if (twin === null) return true;
    const flight = this.#flights.get(twin);
    if (flight) {
      flight.others.push(take);
      return false;
    }
    const landed = this.#options.store.get(twin);
    if (landed) {
      take(landed);
      return false;
    }
    this.#flights.set(twin, { leader: job, others: [] });
    return true;
  }

  /** Tells all who wait what came of a job's call. A job that leads nobody changes nothing. */
  land(job: Job<Payload>, landed: Landed<Value>): void {
    const flight = this.#end(job);
    if (!flight) return;
    this.#options.store.set(flight.twin, landed);
    for (const take of flight.others) take(landed);
  }

  /** The same for a job whose call will never be told of: nothing is kept of it. */
  abandon(job: Job<Payload>, failure: Failure): void {
    for (const take of this.#end(job)?.others ?? []) take({ value: null, failure, hops: 0 });
  }

  #end(job: Job<Payload>): (Flight<Payload, Value> & { readonly twin: string }) | null {
    const twin = this.#options.twinOf(job);
    const flight = twin === null ? undefined : this.#flights.get(twin);
    if (twin === null || flight?.leader !== job) return null;
    this.#flights.delete(twin);
    return { ...flight, twin };
  }
}

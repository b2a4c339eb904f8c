import type { Failure } from '../record/failure.ts';
import type { Job } from '../record/job.ts';

/** What came of a call, as far as it is the same for all who wanted it. */
export type SharedAnswer<Value> = {
  readonly value: Value | null;
  readonly failure: Failure | null;
  readonly hops: number;
};

export type SharingOptions<Payload, Value> = {
  /** The dedupe key: the same for jobs whose calls are the same; null for a job that shares with none. */
  keyOf: (job: Job<Payload>) => string | null;
  /** The answers so far; where they are kept is the caller's affair. */
  store: {
    get(key: string): SharedAnswer<Value> | null;
    set(key: string, answer: SharedAnswer<Value>): void;
  };
};

type Follower<Value> = (answer: SharedAnswer<Value>) => void;
type Flight<Payload, Value> = { readonly leader: Job<Payload>; readonly followers: Follower<Value>[] };

/**
 * Single flight: one call for all jobs that would make the same, in flight or long over. The first to come leads: it makes
 * the call, with all its attempts, and the others follow: they take what came of it, a failure too, and pass no lane and
 * no gate.
 */
export class Sharing<Payload, Value> {
  readonly #options: SharingOptions<Payload, Value>;
  readonly #flights = new Map<string, Flight<Payload, Value>>();

  constructor(options: SharingOptions<Payload, Value>) {
    this.#options = options;
  }

  /** True when the job is to make its call. Else `follow` has the answer of another one's, or will have it. */
  isLeader(job: Job<Payload>, follow: Follower<Value>): boolean {
    const key = this.#options.keyOf(job);
    if (key === null) return true;
    const flight = this.#flights.get(key);
    if (flight) {
      flight.followers.push(follow);
      return false;
    }
    const answer = this.#options.store.get(key);
    if (answer) {
      follow(answer);
      return false;
    }
    this.#flights.set(key, { leader: job, followers: [] });
    return true;
  }

  /** Gives the answer of a job's call to all who follow it. A job that leads nobody changes nothing. */
  settle(job: Job<Payload>, answer: SharedAnswer<Value>): void {
    const flight = this.#end(job);
    if (!flight) return;
    this.#options.store.set(flight.key, answer);
    for (const follow of flight.followers) follow(answer);
  }

  /** The same for a job whose call will never have an answer: nothing is kept of it. */
  abandon(job: Job<Payload>, failure: Failure): void {
    for (const follow of this.#end(job)?.followers ?? []) follow({ value: null, failure, hops: 0 });
  }

  #end(job: Job<Payload>): (Flight<Payload, Value> & { readonly key: string }) | null {
    const key = this.#options.keyOf(job);
    const flight = key === null ? undefined : this.#flights.get(key);
    if (key === null || flight?.leader !== job) return null;
    this.#flights.delete(key);
    return { ...flight, key };
  }
}

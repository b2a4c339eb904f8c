import { Failure } from '../../src/record/failure.ts';

/** The `Failure` that this throws; anything else is thrown on. */
export function refusedBy(make: () => unknown): Failure {
  try {
    make();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

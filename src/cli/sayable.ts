import { Failure } from '../record/failure.ts';
import { UsageError } from './values.ts';

/** A failure of a flag's value is wrong usage, told with the flag. */
export function sayable<T>(flag: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw asUsage(flag, error);
  }
}

/** The error to throw in place of one that a flag's value has caused. */
export function asUsage(flag: string, error: unknown): unknown {
  return error instanceof Failure ? new UsageError(`${flag}: ${error.message}`) : error;
}

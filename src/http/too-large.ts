import { Failure } from '../record/failure.ts';

export function tooLarge(maxBodyBytes: number): Failure {
  return new Failure('too_large', `the body is larger than ${maxBodyBytes} bytes (--max-body)`, { phase: 'body' });
}

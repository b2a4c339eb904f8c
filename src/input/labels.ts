import { Failure } from '../record/failure.ts';

/** More characters than these name nothing that anybody reads: they are data in the wrong field. */
export const longestId = 4096;
export const longestLane = 1024;

/** What a job is called; a Failure `input` for what is too long to be a name. */
export function checkId(id: string): string {
  return checkLength(id, { what: "the job's id", most: longestId });
}

/** The name of a lane; a Failure `input` for what is too long to be one. */
export function checkLane(lane: string): string {
  return checkLength(lane, { what: "the name of the job's lane", most: longestLane });
}

function checkLength(text: string, { what, most }: { what: string; most: number }): string {
  if (text.length <= most) return text;
  throw new Failure('input', `${what} has ${text.length} characters, and at most ${most} are taken`);
}

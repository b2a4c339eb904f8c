export { Failure } from './record/failure.ts';

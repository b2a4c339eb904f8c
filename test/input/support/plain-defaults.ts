import type { RequestDefaults } from '../../../src/input/request-defaults.ts';

/** A command line that says nothing of its requests. */
export const plainDefaults: RequestDefaults = {
  url: null,
  method: null,
  headers: [],
  lineHeaders: [],
  body: null,
  query: null,
  baseUrl: null,
  protoDefault: null,
};

import * as Flags from '@oclif/core/flags';
import { acceptEncoding } from '../http/decode.ts';
import { parseCount } from './values.ts';

const helpGroup = 'REQUEST';
const many = { multiple: true, multipleNonGreedy: true, helpGroup } as const;
const noEffect = { helpGroup, hidden: true, summary: 'Accepted for curl users: it is how sluice works anyway.' };

/** curl's letters, for the request alone. */
export const requestFlags = {
  url: Flags.string({
    helpGroup,
    helpValue: 'TEMPLATE',
    summary:
      'Makes the URL of each line: https://api/users/{{id}}. Fields of a record or a CSV column, {{a.b}}, {{line}}, {{index}}, {{env.NAME}}. Default: the line or its url.',
  }),
  request: Flags.string({
    char: 'X',
    aliases: ['method'],
    helpGroup,
    helpValue: 'METHOD',
    summary: 'Method. Default GET, or POST where there is a body.',
  }),
  header: Flags.string({
    char: 'H',
    ...many,
    helpValue: "'NAME: VALUE'",
    summary:
      'Header for every request; `NAME:` takes one away, @FILE reads them from a file. VALUE may be a template. Repeatable.',
  }),
  data: Flags.string({
    char: 'd',
    ...many,
    helpValue: 'DATA',
    summary: 'Body, or @FILE without its line ends; a template. Repeated ones are joined by &.',
  }),
  'data-binary': Flags.string({ ...many, helpValue: 'DATA', summary: 'Body, or @FILE, as it is: no template.' }),
  'data-urlencode': Flags.string({
    ...many,
    helpValue: 'NAME=TEXT',
    summary: 'Body, percent-encoded: TEXT, NAME=TEXT (templates), @FILE or NAME@FILE.',
  }),
  json: Flags.string({
    ...many,
    helpValue: 'JSON',
    summary:
      'JSON body, or @FILE; sets content-type and accept. A string that is only {{n}} becomes the value with its type.',
  }),
  form: Flags.string({
    char: 'F',
    ...many,
    helpValue: 'NAME=VALUE',
    summary:
      'Part of a multipart form: VALUE, @FILE to upload it, <FILE for its text; ;type= and ;filename= may follow. Templates. Repeatable.',
  }),
  get: Flags.boolean({ char: 'G', helpGroup, summary: 'Put the data into the query instead of the body.' }),
  head: Flags.boolean({ char: 'I', helpGroup, summary: 'HEAD: headers only (they are then included in the row).' }),
  cookie: Flags.string({
    char: 'b',
    ...many,
    helpValue: 'NAME=VALUE',
    summary: 'Cookie for every request. Repeatable.',
  }),
  referer: Flags.string({ char: 'e', helpGroup, helpValue: 'URL', summary: 'Referer header.' }),
  user: Flags.string({ char: 'u', helpGroup, helpValue: 'USER:PASSWORD', summary: 'Basic authentication.' }),
  'bearer-env': Flags.string({
    helpGroup,
    helpValue: 'NAME',
    summary: 'Bearer token from the environment variable NAME.',
  }),
  'user-agent': Flags.string({ char: 'A', helpGroup, helpValue: 'TEXT', summary: 'User-Agent header.' }),
  compressed: Flags.boolean({
    default: true,
    allowNo: true,
    helpGroup,
    summary: `Ask for compressed answers (${acceptEncoding}). On; --no-compressed turns it off, and leaves bodies as they are sent.`,
  }),
  'base-url': Flags.string({
    helpGroup,
    helpValue: 'URL',
    summary: 'What URLs that begin with / stand on, its own path included.',
  }),
  'proto-default': Flags.option({
    options: ['http', 'https'] as const,
    helpGroup,
    summary: 'Scheme of input URLs that have none.',
  })(),
  'max-redirects': Flags.custom<number>({
    parse: async (text) => parseCount(text, { max: 1000 }),
    default: 10,
    helpGroup,
    helpValue: 'N',
    summary: 'Redirects to follow; 0 follows none.',
  })(),
  'idempotency-key': Flags.boolean({
    helpGroup,
    summary:
      'Send an Idempotency-Key with each job, the same in every attempt and after --resume; POST and PATCH are then tried again like the others.',
  }),
  unique: Flags.boolean({
    helpGroup,
    summary:
      'Send requests that are the same to the letter once; each line has its row all the same. Default: each is sent.',
  }),
  location: Flags.boolean({ char: 'L', ...noEffect }),
  silent: Flags.boolean({ char: 's', ...noEffect }),
  'show-error': Flags.boolean({ char: 'S', ...noEffect }),
  fail: Flags.boolean({ char: 'f', ...noEffect }),
};

export type RequestFlags = {
  url?: string | undefined;
  request?: string | undefined;
  header?: string[] | undefined;
  form?: string[] | undefined;
  get: boolean;
  head: boolean;
  cookie?: string[] | undefined;
  referer?: string | undefined;
  user?: string | undefined;
  'bearer-env'?: string | undefined;
  'user-agent'?: string | undefined;
  compressed: boolean;
  'base-url'?: string | undefined;
  'proto-default'?: 'http' | 'https' | undefined;
};

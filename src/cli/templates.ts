import type { Template, TemplateOptions } from '../input/template.ts';
import { sayable } from './sayable.ts';
import { UsageError } from './values.ts';

/** Compiles the templates of a command's flags, and knows what they all ask for. */
export type Templates = {
  /** A flag's template; wrong usage, told with the flag, when it can never work. */
  compile<T extends Template>(flag: string, make: (options: Pick<TemplateOptions, 'env' | 'variables'>) => T): T;
  /** The fields that records are to have. */
  readonly fields: readonly string[];
  /** What was taken from the environment: no output may show that. */
  readonly secrets: readonly string[];
};

/** `--var NAME=VALUE`, and the environment, for all templates of a command. */
export function createTemplates(flags: { var?: string[] | undefined }, env: NodeJS.ProcessEnv): Templates {
  const variables = new Map((flags.var ?? []).map(variableIn));
  const fields: string[] = [];
  const secrets: string[] = [];
  return {
    fields,
    secrets,
    compile(flag, make) {
      const template = sayable(flag, () => make({ env, variables }));
      fields.push(...template.fields);
      secrets.push(...template.secrets);
      return template;
    },
  };
}

function variableIn(text: string): [name: string, value: string] {
  const [, name = '', value] = /^([^={}|]+)=(.*)$/s.exec(text) ?? [];
  if (value === undefined) throw new UsageError('--var: expected NAME=VALUE');
  return [name.trim(), value];
}

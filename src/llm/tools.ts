import type { PromptTask } from '../record/prompt.ts';
import { type Fields, fieldsOf, textOf } from './json-fields.ts';
import { wrong } from './turns.ts';

/** A tool as OpenAI's Chat Completions describe one. */
type Tool = { readonly name: string; readonly description?: unknown; readonly parameters?: unknown };

/** Which tools a model may call, and whether it must, in a provider's words. */
export type ToolWords = {
  readonly tool: (tool: Tool & Fields) => unknown;
  readonly choice: {
    readonly auto: unknown;
    readonly none: unknown;
    readonly required: unknown;
    readonly one: (name: string) => unknown;
  };
};

/** The tools in those words. One that is no function is a provider's own and stays as it is. Null without any. */
export function toolsIn({ tools }: PromptTask, { tool }: Pick<ToolWords, 'tool'>): unknown[] | null {
  if (!tools?.list) return null;
  return tools.list.map((one) => {
    const described = one.type === 'function' ? fieldsOf(one.function) : null;
    return described && typeof described.name === 'string' ? tool(described as Tool & Fields) : one;
  });
}

/** The choice in those words; undefined when there is none. An object that names no function is a provider's own. */
export function choiceIn({ tools }: PromptTask, { choice }: Pick<ToolWords, 'choice'>): unknown {
  const given = tools?.choice;
  if (given === null || given === undefined) return undefined;
  if (given === 'auto' || given === 'none' || given === 'required') return choice[given];
  const fields = fieldsOf(given);
  const name = textOf(fieldsOf(fields?.function)?.name);
  if (name !== null) return choice.one(name);
  return fields ?? wrong('tool_choice', 'expected auto, none, required, or a function by its name');
}

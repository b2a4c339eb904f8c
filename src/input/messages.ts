import { Failure } from '../record/failure.ts';
import { exactJson } from '../record/json.ts';
import type { Message, ToolWish } from '../record/prompt.ts';
import { fieldOf, type InputRecord, isResultRow, textOf } from './records.ts';
import type { Template, TemplateScope } from './template.ts';
import { checkUpstream } from './upstream.ts';

/** What the command line says of every prompt. */
export type PromptDefaults = {
  /** Makes the prompt of every line; null takes a line or a record's `messages` or `prompt` as they are. */
  readonly template: Template | null;
  /** Goes before every prompt that does not bring its own. */
  readonly system: Template | null;
  /** Names the job; null is what its record says. */
  readonly id: Template | null;
  /** Names what shares limits; null is the server. */
  readonly lane: Template | null;
};

/** What a line says to a model. */
export type Said = { readonly messages: readonly Message[]; readonly tools: ToolWish | null };

/** Makes the messages of what lines say. Throws a Failure: `input`, `template`, or `upstream` for a row that failed before. */
export function createMessages({ template, system }: Pick<PromptDefaults, 'template' | 'system'>) {
  function prompted(scope: TemplateScope): readonly Message[] {
    const { record, line } = scope;
    if (template) {
      if (record) checkUpstream(record);
      return [user(template.render(scope))];
    }
    return record ? given(record) : [user(line)];
  }

  return (scope: TemplateScope): Said => {
    const asked = !template && scope.record && isResultRow(scope.record) ? again(scope.record, scope) : scope;
    const messages = prompted(asked);
    // With a template the fields of a record are for the template alone.
    const tools = asked.record && !template ? toolsOf(asked.record) : null;
    if (!system || messages.some(({ role }) => role === 'system' || role === 'developer')) return { messages, tools };
    return { messages: [{ role: 'system', content: system.render(asked) }, ...messages], tools };
  };
}

function user(content: string): Message {
  return { role: 'user', content };
}

function given(record: InputRecord): readonly Message[] {
  const messages = fieldOf(record, 'messages');
  if (messages !== undefined) return checked(messages);
  const prompt = textOf(record, 'prompt');
  if (prompt !== null) return [user(prompt)];
  throw new Failure(
    'input',
    "the record has neither `messages` nor `prompt`; --template 'Summarise: {{body}}' makes one",
  );
}

function checked(messages: unknown): readonly Message[] {
  const isList = Array.isArray(messages) && messages.length > 0;
  if (isList && messages.every((one) => typeof one?.role === 'string')) {
    // Throws for what is nested too deep to be sent: better now than in the call.
    exactJson(messages);
    return messages as readonly Message[];
  }
  throw new Failure('input', "the record's `messages` must be a list of objects with `role` and `content`");
}

/** The tools that come with a record's prompt. An empty list is none. */
function toolsOf(record: InputRecord): ToolWish | null {
  const list = fieldOf(record, 'tools') ?? [];
  const choice = fieldOf(record, 'tool_choice') ?? null;
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))) {
    throw new Failure(
      'input',
      "the record's `tools` must be a list, as OpenAI has them (with --template '{{prompt}}' its other fields mean nothing)",
    );
  }
  if (list.length === 0 && choice === null) return null;
  exactJson([list, choice]);
  return { list: list.length > 0 ? list : null, choice };
}

/** What a row of `prompt` came from, if it says so: it is done again. One of `fetch` has nothing to ask. */
function again(row: InputRecord, { index }: TemplateScope): TemplateScope {
  if (!Object.hasOwn(row, 'provider')) {
    throw new Failure('input', "a row is no prompt; --template 'Summarise: {{body}}' makes one of it");
  }
  const input = fieldOf(row, 'input');
  if (typeof input === 'string') return { index, line: input, record: null };
  if (typeof input === 'object') return { index, line: exactJson(input), record: input as InputRecord };
  throw new Failure(
    'input',
    'the row cannot be done again: a row does not hold its prompt unless it was written with --include input',
  );
}

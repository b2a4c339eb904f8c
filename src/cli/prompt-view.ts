import { createDeltaRow, type Delta, resultRow } from '../output/delta-row.ts';
import { type PromptResult, spokenSecrets } from '../output/prompt-row.ts';
import { disarmed } from '../output/terminal.ts';
import type { Completion, PromptAnswer, PromptTask } from '../record/prompt.ts';
import { createMask, type Mask } from '../record/secrets.ts';
import type { View, ViewTarget } from './row-output.ts';
import { UsageError } from './values.ts';

export type ViewFlags = { stream: boolean; text?: boolean | undefined };

/** What stdout shows of answers: rows, rows with deltas, or bare text; `isLive` is text as it comes. */
export type ViewMode = { readonly kind: 'rows' | 'deltas' | 'text'; readonly isLive: boolean };

/**
 * One prompt alone, given as an argument, may be answered live: on a terminal it is, unless rows are asked for. Several
 * answers as bare text would run into each other.
 */
export function viewMode(
  { stream, text }: ViewFlags,
  {
    isAlone,
    isTerminal,
    hasFile,
    isShaped,
  }: { isAlone: boolean; isTerminal: boolean; hasFile: boolean; isShaped: boolean },
): ViewMode {
  if (text && stream && !isAlone) {
    throw new UsageError(
      '--stream and --text together are for one prompt, given as an argument; for many, --stream alone tells them apart',
    );
  }
  if (isShaped && (text || stream)) {
    throw new UsageError(
      `${text ? '--text' : '--stream'}: it shapes stdout, as --query, --raw and --merge do: give one of them`,
    );
  }
  const isText = text ?? (isAlone && isTerminal && !stream && !hasFile && !isShaped);
  if (!isText) return { kind: stream ? 'deltas' : 'rows', isLive: false };
  return { kind: 'text', isLive: isAlone && (isTerminal || stream) };
}

export type PromptView = {
  /** Takes text as it comes; null when nobody wants it before the end. */
  readonly hear: ((delta: Delta) => void | Promise<void>) | null;
  /** For the session; null is plain rows. */
  readonly openView: ((target: ViewTarget) => View<PromptTask, PromptAnswer>) | null;
};

export type PromptViewOptions = {
  mode: ViewMode;
  /** A terminal obeys what it is shown: control characters are left out. */
  isTerminal: boolean;
  secrets: readonly string[];
};

export function createPromptView({ mode, isTerminal, secrets }: PromptViewOptions): PromptView {
  if (mode.kind === 'rows') return { hear: null, openView: null };
  let target: ViewTarget | null = null;
  if (mode.kind === 'deltas') {
    const row = createDeltaRow(secrets);
    return {
      hear: (delta) => target?.stdout.write(row(delta)),
      openView: (opened) => {
        target = opened;
        return (_result, line) => opened.stdout.write(resultRow(line));
      },
    };
  }

  const maskAll = createMask(secrets);
  const maskSpoken = createMask(spokenSecrets(secrets));
  /** The last character printed: a text ends its line. */
  let last = '\n';
  const print = (text: string) => {
    const shown = isTerminal ? disarmed(text) : text;
    if (shown === '') return;
    last = shown.slice(-1);
    return target?.stdout.print(shown);
  };
  const endLine = () => (last === '\n' ? undefined : print('\n'));
  return {
    hear: mode.isLive ? ({ text }) => print(text) : null,
    openView: (opened) => {
      target = opened;
      return (result) => {
        const { failure, value } = result;
        const isWhole = failure === null && !mode.isLive;
        const printed = isWhole ? print(masked(value?.content?.text ?? '', maskSpoken)) : undefined;
        const written = endLine() ?? printed;
        const told = failure ? `${failure.code}: ${failure.message}` : silence(value?.content ?? null);
        if (told !== null) {
          if (isTerminal) opened.stdout.flush();
          opened.log(masked(`${nameOf(result)}: ${told}`, maskAll));
        }
        return written;
      };
    },
  };
}

/** Why an answer that is ok has no text to show; null where it has. */
function silence(answer: Completion | null): string | null {
  const names = answer?.toolCalls?.map(({ name }) => name);
  return names && !answer?.text ? `no text: the model wants tools called (${names.join()}); rows show how` : null;
}

function masked(text: string, mask: Mask | null): string {
  return mask ? mask(text) : text;
}

function nameOf({ job: { index, id } }: PromptResult): string {
  return id === null ? `#${index}` : `#${index} ${id}`;
}

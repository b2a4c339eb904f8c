import { showBytes, showCount, showDuration, showLatency, showRate, showShare } from './quantity.ts';
import type { TallySnapshot } from './tally.ts';
import { createPaint, type Paint, plain } from './terminal.ts';

export type SummaryFormat = 'table' | 'json' | 'markdown' | 'none';

export type SummaryOptions = {
  readonly format: SummaryFormat;
  /** Wall time of the run. */
  readonly elapsedMs: number;
  /** Colours in the table. Default false. */
  readonly color?: boolean;
};

/** What came of a run, as text that ends with a line break; empty for `none`. cli-table3 is loaded for `table` only. */
export async function renderSummary(tally: TallySnapshot, options: SummaryOptions): Promise<string> {
  switch (options.format) {
    case 'table':
      return await renderTable(tally, options);
    case 'markdown':
      return renderMarkdown(tally, options);
    case 'json':
      return renderJson(tally, options);
    case 'none':
      return '';
  }
}

async function renderTable(tally: TallySnapshot, { elapsedMs, color = false }: SummaryOptions): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const paint = createPaint(color);
  // Without styles of its own cli-table3 writes no escape but ours.
  const table = new Table({ style: { head: [], border: [], compact: true }, colAligns: ['left', 'right', 'left'] });
  for (const { label, value, note, tone } of summaryLines(tally, elapsedMs)) {
    table.push([label, paintTone(paint, tone, value), note === '' ? '' : paint('dim', note)]);
  }
  return `${table.toString()}\n`;
}

/** For a CI job's summary page: one table. */
function renderMarkdown(tally: TallySnapshot, { elapsedMs }: SummaryOptions): string {
  const lines = summaryLines(tally, elapsedMs).map(
    ({ label, value, note }) => `| ${cell(label)} | ${cell(value)} | ${cell(note)} |`,
  );
  return `${['| sluice | | |', '|:--|--:|:--|', ...lines].join('\n')}\n`;
}

/** For a machine: one line, each field always there. */
function renderJson(tally: TallySnapshot, { elapsedMs }: SummaryOptions): string {
  const summary = {
    rows: tally.done,
    ok: tally.ok,
    failed: tally.failed,
    cancelled: tally.cancelled,
    failed_by_code: Object.fromEntries(tally.failedByCode),
    statuses: Object.fromEntries(tally.statuses),
    attempts: tally.attempts,
    retries: tally.retries,
    bytes: tally.bytes,
    ...(tally.usage && {
      usage: { input_tokens: tally.usage.inputTokens, output_tokens: tally.usage.outputTokens },
    }),
    elapsed_ms: thousandths(elapsedMs),
    rows_per_second: thousandths(perSecond(tally, elapsedMs)),
    latency_ms: tally.latency && {
      p50: thousandths(tally.latency.p50),
      p90: thousandths(tally.latency.p90),
      p99: thousandths(tally.latency.p99),
      max: thousandths(tally.latency.max),
    },
  };
  return `${JSON.stringify(summary)}\n`;
}

type Tone = 'good' | 'bad' | 'detail';
type SummaryLine = {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone: Tone | null;
};

/** The lines of the table and of the Markdown. A line that would only say "none" is left out, but never `failed`. */
function summaryLines(tally: TallySnapshot, elapsedMs: number): SummaryLine[] {
  const { done, ok, failed, latency } = tally;
  const lines: SummaryLine[] = [];
  const add = (label: string, value: string, note = '', tone: Tone | null = null) =>
    lines.push({ label: plain(label), value, note, tone });

  add('ok', showCount(ok), showShare(ok, done), ok > 0 ? 'good' : null);
  add('failed', showCount(failed), showShare(failed, done), failed > 0 ? 'bad' : null);
  for (const [code, count] of tally.failedByCode) add(`  ${code}`, showCount(count), '', 'detail');
  for (const [code, count] of tally.cancelledByCode) add(code, showCount(count), showShare(count, done), 'detail');
  for (const [status, count] of tally.statuses) add(`status ${status}`, showCount(count));
  add('attempts', showCount(tally.attempts), retriesNote(tally.retries));
  if (tally.bytes > 0) add('bytes', showBytes(tally.bytes));
  if (tally.usage && tally.usage.inputTokens + tally.usage.outputTokens > 0) {
    add('tokens in', showCount(tally.usage.inputTokens));
    add('tokens out', showCount(tally.usage.outputTokens));
  }
  if (latency !== null) {
    add('latency p50', showLatency(latency.p50));
    add('latency p90', showLatency(latency.p90));
    add('latency p99', showLatency(latency.p99));
    add('latency max', showLatency(latency.max));
  }
  add('time', showDuration(elapsedMs), showRate(perSecond(tally, elapsedMs)));
  return lines;
}

function retriesNote(retries: number): string {
  if (retries === 0) return '';
  return `${showCount(retries)} ${retries === 1 ? 'retry' : 'retries'}`;
}

function paintTone(paint: Paint, tone: Tone | null, text: string): string {
  if (tone === 'good') return paint('green', text);
  if (tone === 'bad') return paint('red', text);
  return tone === 'detail' ? paint('yellow', text) : text;
}

/** The indent of a failure code is kept: Markdown drops leading spaces. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/^ {2}/, '&nbsp;&nbsp;');
}

/** What the end of the run has cut off was not worked at. */
function perSecond({ done, cancelled }: TallySnapshot, elapsedMs: number): number {
  return elapsedMs > 0 ? ((done - cancelled) / elapsedMs) * 1000 : 0;
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

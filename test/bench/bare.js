// The baseline: the least that turns lines into calls and calls into rows on undici's `dispatch`. N at once; reading
// waits for calling, calling waits for writing. No queue, no limits, no clocks, no retries, no checks of anything.
//
//   node test/bench/bare.js 50 < urls > rows
import { Agent } from 'undici';

const concurrency = Number(process.argv[2] ?? 50);
const agent = new Agent({ connections: concurrency, pipelining: 1 });
const headers = ['accept', '*/*'];

/** Lines read and not yet called; the first ones, up to `taken`, are gone already. */
let lines = [];
let taken = 0;
let torn = '';
let active = 0;
let index = 0;
/** Rows of this turn of the event loop: they share one write. */
let rows = '';
let isFull = false;
let isEnded = false;

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const parts = (torn + text).split('\n');
  torn = parts.pop();
  lines = lines.slice(taken).concat(parts);
  taken = 0;
  process.stdin.pause();
  start();
});
process.stdin.on('end', () => {
  if (torn !== '') lines.push(torn);
  isEnded = true;
  start();
  finish();
});
process.stdout.on('drain', () => {
  isFull = false;
  start();
});

function start() {
  while (active < concurrency && taken < lines.length && !isFull) {
    const line = lines[taken];
    taken += 1;
    active += 1;
    call(index, line);
    index += 1;
  }
  if (taken === lines.length && !isFull) process.stdin.resume();
}

function call(index, line) {
  const url = new URL(line);
  const request = { origin: url.origin, path: url.pathname + url.search, method: 'GET', headers };
  agent.dispatch(request, new Handler(index, line));
}

class Handler {
  constructor(index, url) {
    this.index = index;
    this.url = url;
    this.startedAt = performance.now();
    this.status = 0;
    this.chunks = [];
  }
  onRequestStart() {}
  onResponseStart(_controller, status) {
    this.status = status;
  }
  onResponseData(_controller, chunk) {
    this.chunks.push(chunk);
  }
  onResponseEnd() {
    const body = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    const ms = (performance.now() - this.startedAt).toFixed(3);
    settle(
      `{"index":${this.index},"ok":true,"url":"${this.url}","status":${this.status},"duration_ms":${ms},"body":${body}}\n`,
    );
  }
  onResponseError(_controller, error) {
    process.exitCode = 1;
    settle(`{"index":${this.index},"ok":false,"url":"${this.url}","error":${JSON.stringify(error.message)}}\n`);
  }
}

function settle(row) {
  active -= 1;
  if (rows === '') setImmediate(write);
  rows += row;
  start();
}

function write() {
  isFull = !process.stdout.write(rows);
  rows = '';
  finish();
}

/** Idle connections would keep the process for seconds. */
function finish() {
  if (isEnded && active === 0 && taken === lines.length) void agent.close();
}

import * as Flags from '@oclif/core/flags';
import { ConfigurableCommand } from '../cli/command.ts';
import { dieBy, listenForInterrupts } from '../cli/interrupts.ts';
import { parseCount, parseDuration, parseRate, parseShare, parseSize, UsageError } from '../cli/values.ts';
import type { Mock as Server } from '../mock/server.ts';
import type { Rate } from '../record/rate.ts';

// oclif puts the flag's name before the parsers' messages.
const port = Flags.custom<number>({ parse: async (text) => parseCount(text, { max: 65_535 }) });
const address = Flags.custom<string>({ parse: async (text) => parseAddress(text) });
const duration = Flags.custom<number>({ parse: async (text) => parseDuration(text) });
const share = Flags.custom<number>({ parse: async (text) => parseShare(text) });
const rate = Flags.custom<Rate>({ parse: async (text) => parseRate(text) });
const positive = Flags.custom<number>({ parse: async (text) => parseCount(text, { min: 1 }) });
const seed = Flags.custom<number>({ parse: async (text) => parseCount(text, { max: 2 ** 32 - 1 }) });

/** Long enough to let every answer finish: only a second signal cuts them short. */
const noGraceLimitMs = 2 ** 31 - 1;

export default class Mock extends ConfigurableCommand {
  /** Its rate and its failures are the server's, not those of calls. */
  static override sharesSettings = false;
  static override summary = 'Start a local API to rehearse against: slow, flaky, rate-limited, on demand.';
  static override description =
    'It speaks OpenAI (Chat Completions and Responses), Anthropic, Gemini and Ollama too. A model says back what it is asked; its name says how it behaves: json, refuse, slow:200ms, tokens:20ms (before each token), fail:500, fail:rate, fail:quota, fail:overloaded, fail:error (inside a 200), fail:stream (an error in the middle), fail:cut (no end mark), fail:drop (no connection). GET / lists all routes.';
  static override examples = [
    '<%= config.bin %> mock --rate 20/s --fail 0.1 --latency 50ms --jitter 20ms',
    '<%= config.bin %> mock --port 0 > address.txt &',
  ];
  static override flags = {
    port: port({
      default: 8787,
      helpValue: '8787',
      summary: 'Port to listen on; 0 is any free one. The address goes to stdout.',
    }),
    host: address({
      default: '127.0.0.1',
      helpValue: 'ADDRESS',
      summary: 'Address to listen on; with another one, other machines may get in.',
    }),
    latency: duration({ default: 0, helpValue: '50ms', summary: 'Time before every answer. Default: none.' }),
    jitter: duration({
      default: 0,
      helpValue: '20ms',
      summary: 'Latency varies by up to so much, both ways. Default: none.',
    }),
    fail: share({ default: 0, helpValue: '0.1', summary: 'Share of requests answered 500. Default: none.' }),
    rate: rate({
      helpValue: '20/s',
      summary: 'More requests than this are answered 429 with Retry-After. Default: no limit.',
    }),
    tpm: positive({
      helpValue: 'N',
      summary: 'Tokens in any minute, of all models; more are answered 429 with Retry-After. Default: no limit.',
    }),
    'token-delay': duration({
      default: 0,
      helpValue: '20ms',
      summary: 'Time before each token of a stream (models). Default: none.',
    }),
    'max-concurrency': positive({
      helpValue: 'N',
      summary: 'More requests at once than this are answered 503. Default: no limit.',
    }),
    seed: seed({
      helpValue: 'N',
      summary: 'Repeats the failures and the jitter of the run that showed this seed. Default: another one each time.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Mock);
    const { port, host, seed = Math.floor(Math.random() * 1e6) } = flags;
    const [{ seededRandom }, { startMock }] = await Promise.all([
      import('../mock/fate.ts'),
      import('../mock/server.ts'),
    ]);
    const server = await startMock({
      port,
      host,
      latencyMs: flags.latency,
      jitterMs: flags.jitter,
      failShare: flags.fail,
      rate: flags.rate,
      tokenDelayMs: flags['token-delay'],
      tokensPerMinute: flags.tpm,
      maxConcurrency: flags['max-concurrency'],
      random: seededRandom(seed),
      values: { duration: parseDuration, size: parseSize, count: parseCount },
    }).catch((error: NodeJS.ErrnoException) => {
      throw cannotListen(error, { port, host });
    });
    // Before the address is told: who reads it may send a signal at once.
    const ending = untilInterrupted(server);
    process.stdout.write(`${server.url}\n`);
    process.stderr.write(greeting(server, seed));
    dieBy(await ending);
  }
}

/** An empty one would be every address of this machine, and `--host "$UNSET"` is easily written. */
function parseAddress(text: string): string {
  if (text.trim() === '') throw new UsageError(`expected an address of this machine, got \`${text}\``);
  return text;
}

/** Settles with the first signal, when everything is; the second drops what the first lets finish. */
async function untilInterrupted(server: Server): Promise<NodeJS.Signals> {
  const { drain, abort, received, release } = listenForInterrupts({ graceMs: noGraceLimitMs });
  await new Promise((resolve) => drain.addEventListener('abort', resolve, { once: true }));
  const running = server.running();
  if (running > 0) {
    process.stderr.write(`sluice: finishing ${running} running ${running === 1 ? 'answer' : 'answers'}\n`);
  }
  abort.addEventListener('abort', server.drop, { once: true });
  await server.stop();
  release();
  return received() ?? 'SIGTERM';
}

function greeting({ routes }: Server, seed: number): string {
  const list = routes.map(({ path, about }) => `  ${path.padEnd(38)}${about}\n`);
  return `${list.join('')}seed ${seed}; Ctrl-C lets running answers finish, a second one drops them\n`;
}

/** Wrong usage, as long as it is about where to listen. */
function cannotListen(error: NodeJS.ErrnoException, { port, host }: { port: number; host: string }): Error {
  const { code = '' } = error;
  const reason = { EADDRINUSE: `is in use on ${host}`, EACCES: 'needs more rights' }[code];
  if (reason) return new UsageError(`--port: ${port} ${reason}; choose another, or 0 for any free one`);
  if (!['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'].includes(code)) return error;
  return new UsageError(`--host: expected an address of this machine, got \`${host}\``);
}

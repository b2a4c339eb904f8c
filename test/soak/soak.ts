// test/soak/run [PART OF A NAME]: runs the checks (all, or those whose name holds that text) one after the other.
import { startBenchServer } from '../bench/bench-server.ts';
import { checks } from './checks.ts';

const [wanted = ''] = process.argv.slice(2);
const server = await startBenchServer();
let passed = 0;
let failed = 0;
try {
  for (const { name, run } of checks.filter(({ name }) => name.includes(wanted))) {
    const startedAt = performance.now();
    const { ok, figures } = await run(server).catch((error: unknown) => ({ ok: false, figures: String(error) }));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${figures} (${seconds} s)`);
    if (ok) passed += 1;
    else failed += 1;
  }
} finally {
  await server.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

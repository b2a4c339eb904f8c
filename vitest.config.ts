import { defineConfig } from 'vitest/config';

const timed = ['test/cli/limits.test.ts', 'test/cli/lane-rates.test.ts'];
/** They put a fake clock under a library that keeps timers of its own: another file's must not be among them. */
const fakeClocked = ['agent', 'exchange', 'shortage'].map((name) => `test/http/${name}.test.ts`);
const heavy = ['test/bench/**', 'test/soak/**'];

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    testTimeout: 20_000,
    // Files share a worker's modules: to import everything for each of them takes the small ones as long as they run.
    isolate: false,
    // One more than the cores of a small machine: most tests wait for a program that they have started.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [...heavy, ...timed, ...fakeClocked],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'fake clock', include: fakeClocked, isolate: true, sequence: { groupOrder: 0 } },
      },
      // What the server's clock judges runs alone, so that it measures the program and not its neighbours.
      {
        extends: true,
        test: { name: 'timed', include: timed, isolate: true, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary'] },
  },
});

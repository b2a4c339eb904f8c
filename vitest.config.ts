import { defineConfig } from 'vitest/config';

const timed = ['test/cli/limits.test.ts', 'test/cli/lanes.test.ts'];
const heavy = ['test/bench/**', 'test/soak/**'];

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    testTimeout: 20_000,
    // Test files share nothing that one could leave changed; without an import of everything for each of them, the small ones take half the time.
    isolate: false,
    // One more than the cores of a small machine: most tests wait for a program that they have started.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [...heavy, ...timed],
          sequence: { groupOrder: 0 },
        },
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

import { defineConfig } from 'vitest/config';

/** Minutes-long waits are for the peers that a suite starts, not for what it asserts. */
const withPeers = { testTimeout: 150_000, hookTimeout: 120_000, teardownTimeout: 20_000 };

export default defineConfig({
  test: {
    // Gives every tier the address at which it can ask for the cluster that all suites of a run share.
    globalSetup: ['test/support/peers/host.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/contract/**', 'test/workflow/**', 'test/e2e/**'],
          // Pure code keeps nothing between files, and a fresh context for each would cost most of the time.
          isolate: false,
          // Properties and compilers take long on a busy machine; what hangs still ends.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...withPeers,
        },
      },
      {
        test: {
          name: 'workflow',
          include: ['test/workflow/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          ...withPeers,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/aws/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          ...withPeers,
        },
      },
      {
        test: {
          name: 'aws',
          include: ['test/e2e/aws/**/*.test.ts'],
          // All share one deployment, and some of them take a function or the clock away from everybody for a while.
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
          ...withPeers,
          testTimeout: 400_000,
        },
      },
    ],
  },
});

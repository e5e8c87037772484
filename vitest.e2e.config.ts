import { defineConfig } from 'vitest/config';
import { Sequencer } from './test/e2e/setup/sequencer.ts';

/** Real clients and real engines against Berth. Needs root on Debian; see test/e2e/README.md. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    globalSetup: ['test/e2e/setup/global.ts'],
    pool: 'forks',
    // The engine, the ports and two processor cores are shared: one file at a time.
    fileParallelism: false,
    sequence: { sequencer: Sequencer },
    testTimeout: 90_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    reporters: ['verbose'],
  },
});

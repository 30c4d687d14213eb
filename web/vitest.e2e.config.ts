import { defineConfig } from 'vitest/config';

// End to end: a real server and a real browser, so one file at a time and generous deadlines.
export default defineConfig({
  root: '..',
  cacheDir: 'web/node_modules/.vite',
  test: {
    globals: true,
    include: ['tests/e2e/**/*_test.mjs'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
  },
});

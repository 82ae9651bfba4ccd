import { defineConfig } from "vitest/config";

// The page in a real browser against a running studio. What it needs is in e2e/harness.ts.
export default defineConfig({
  test: {
    name: "browser",
    environment: "node",
    include: ["e2e/**/*.test.ts"],
    // One studio, one browser at a time: the files share both machine and state.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});

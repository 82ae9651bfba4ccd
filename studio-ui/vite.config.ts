import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const studio = process.env.VITE_ORCHESTRATOR_URL ?? "http://localhost:9090";
const live = process.env.VITE_WS_URL ?? "ws://localhost:9090/ws";

export default defineConfig({
  plugins: [react()],
  // Relative to the `base` of the document, which the studio sets where the page is offered under a path.
  base: "./",
  server: {
    port: 5173,
    strictPort: true,
    // The page always talks to its own origin; in development that is this proxy. The studio checks Origin and Host of
    // what it is sent, so both have to be its own.
    proxy: {
      "/api": { target: studio, changeOrigin: true, headers: { origin: studio } },
      "/socket": { target: studio, changeOrigin: true, ws: true, headers: { origin: studio } },
      "/ws": {
        target: new URL(live).origin.replace(/^ws/, "http"),
        changeOrigin: true,
        headers: { origin: new URL(live).origin.replace(/^ws/, "http") },
        ws: true,
        // With its query: it says where the line was left, and what is not listened to.
        rewrite: (path) => path.replace(/^[^?]*/, new URL(live).pathname),
      },
    },
  },
  build: {
    target: "es2022",
    // One style sheet, linked from the document: a part that failed to come with a lazy chunk would never be asked for again.
    cssCodeSplit: false,
    // A chart or a graph is a lazy chunk of its own.
    chunkSizeWarningLimit: 600,
  },
  test: {
    testTimeout: 10_000,
    // Models need no document, and making one is most of a test's time.
    projects: [
      { extends: true, test: { name: "models", environment: "node", include: ["src/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "components",
          environment: "jsdom",
          include: ["src/**/*.test.tsx"],
          setupFiles: ["src/test-setup.ts"],
          css: false,
        },
      },
    ],
  },
});

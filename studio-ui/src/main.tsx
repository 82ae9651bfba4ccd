import "./app/styles";
import { QueryClient } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { createLive, socketUrl } from "./app/live-wiring";
import { createAppRouter, preloadPages } from "./app/router";

const client = new QueryClient({
  // Frames keep the answers fresh; a short age covers the time without a line to the studio.
  defaultOptions: { queries: { staleTime: 10_000, retry: 1 } },
});
const live = createLive(client, socketUrl(window.location));
live.socket.start();
window.addEventListener("online", () => live.socket.retryNow());

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App client={client} live={live} router={createAppRouter()} />
    </StrictMode>,
  );
}

const SETTLED_MS = 2000;
setTimeout(preloadPages, SETTLED_MS);

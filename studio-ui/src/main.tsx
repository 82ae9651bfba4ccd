import "./app/styles";
import { QueryClient } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { retryOnce } from "./api/client";
import { sessionQuery } from "./api/queries";
import { App } from "./app/app";
import { createLive, socketUrl } from "./app/live-wiring";
import { createAppRouter, preloadPages } from "./app/router";
import { followTime } from "./app/time-travel";

const client = new QueryClient({
  defaultOptions: {
    // Frames keep the answers fresh; a short age covers the time without a line to the studio. A computer without a network
    // still reaches the studio on itself, so the browser's word on that is not asked.
    queries: { staleTime: 10_000, retry: retryOnce, networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});
const live = createLive(client, socketUrl(window.location));
// Asked while the page still builds itself; the socket starts once we are known to be let in.
void client.prefetchQuery(sessionQuery);
window.addEventListener("online", () => live.socket.retryNow());

const router = createAppRouter();
followTime(client, router);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App client={client} live={live} router={router} />
    </StrictMode>,
  );
}

const SETTLED_MS = 2000;
setTimeout(preloadPages, SETTLED_MS);

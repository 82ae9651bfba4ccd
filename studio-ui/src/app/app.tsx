import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import type { Live } from "../lib/live/live";
import { LiveContext } from "../lib/use-live";
import type { AppRouter } from "./router";
import { SessionGate } from "./session-gate";
import { cssVariables, theme } from "./theme";
import { WorkspaceGate } from "./workspace-gate";

type AppProps = { client: QueryClient; live: Live; router: AppRouter };

export function App({ client, live, router }: AppProps) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <LiveContext value={live}>
          <SessionGate>
            <WorkspaceGate>
              <RouterProvider router={router} />
            </WorkspaceGate>
          </SessionGate>
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>
  );
}

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { isUnknownHere } from "../../api/inside-queries";
import { channelsQuery, rulesQuery, warningsQuery } from "../../api/warnings";
import { useBarred } from "../../lib/use-session";
import { loudOf } from "../../lib/warnings";
import { EmptyNote, ErrorNote, LoadingNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { Tabs } from "../../ui/tabs";
import { Channels } from "./components/channels";
import { Now } from "./components/now";
import { Rules } from "./components/rules";
import type { View } from "./model/search";

/** What is wrong now, the rules that say when something is, and where that is sent. */
export function WarningsPage() {
  const { view = "now" } = useSearch({ from: "/warnings" });
  const navigate = useNavigate({ from: "/warnings" });
  const warnings = useQuery(warningsQuery);
  const rules = useQuery(rulesQuery);
  const channels = useQuery(channelsQuery);
  const barred = useBarred("rules");
  const go = (next: View) => void navigate({ search: next === "now" ? {} : { view: next } });
  if (isUnknownHere(warnings.error)) {
    return (
      <Page title="Warnings">
        <Panel label="Warnings">
          <EmptyNote title="This studio does not warn." />
        </Panel>
      </Page>
    );
  }
  return (
    <Page
      title="Warnings"
      actions={
        <Button
          disabled={barred !== undefined}
          title={barred}
          onClick={() => void navigate({ search: { view: "rules", rule: "new" } })}
        >
          New rule
        </Button>
      }
    >
      {warnings.error && (
        <ErrorNote
          title="The warnings could not be read."
          error={warnings.error}
          onRetry={() => void warnings.refetch()}
        />
      )}
      <Panel label="What warns, when, and where it is sent">
        <Tabs
          label="Views of the warnings"
          tabs={[
            { key: "now", title: "Now", count: warnings.data && loudOf(warnings.data).length },
            { key: "rules", title: "Rules", count: rules.data?.length },
            { key: "channels", title: "Channels", count: channels.data?.length },
          ]}
          open={view}
          onOpen={go}
        >
          {view === "now" &&
            (warnings.data ? (
              <Now warnings={warnings.data} rules={rules.data ?? []} />
            ) : (
              !warnings.error && <LoadingNote what="warnings" />
            ))}
          {view === "rules" && <Rules warnings={warnings.data} />}
          {view === "channels" && <Channels />}
        </Tabs>
      </Panel>
    </Page>
  );
}

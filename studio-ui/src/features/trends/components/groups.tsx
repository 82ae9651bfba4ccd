import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { metricsQuery } from "../../../api/queries";
import { applicationActors } from "../../../lib/counts";
import { NoActors } from "../../../ui/no-actors";
import { EmptyNote } from "../../../ui/notes";
import type { TrendCursor } from "../../../ui/trend/cursor";
import type { Quantile, TrendPanelShape } from "../../../ui/trend/panels";
import type { TrendsSearch } from "../model/search";
import { Group, type TrendsQuery } from "./group";

type GroupsProps = {
  search: TrendsSearch;
  quantile: Quantile | undefined;
  actorPanels: readonly TrendPanelShape[];
  processPanels: readonly TrendPanelShape[];
  actors: TrendsQuery;
  processes: TrendsQuery;
  cursor: TrendCursor;
  onZoom: (from: number, to: number) => void;
  onBack: () => void;
  onHide: (name: string, hidden: boolean) => void;
  onClear: () => void;
};

const WORDS = { type: "type", actor: "actor" };

/** The pictures of actors, and below them those of processes. */
export function Groups(props: GroupsProps) {
  const { search, quantile, actorPanels, processPanels, actors, processes, onClear, ...shared } = props;
  const { by = "all", hide = [], view = "picture", filter } = search;
  const metrics = useQuery(metricsQuery);
  const isFresh = actors.data?.history.since == null && metrics.data && applicationActors(metrics.data) === 0;
  return (
    <>
      {actorPanels.length > 0 && (
        <Group
          title="Actors"
          {...{ by, view, quantile, filter }}
          {...shared}
          hidden={hide}
          panels={actorPanels}
          query={actors}
          nothing={
            isFresh ? (
              <NoActors />
            ) : actors.data?.history.since == null ? (
              <EmptyNote title="There is no history yet.">
                <p className="dim">It begins with the first message that an observed actor handles.</p>
              </EmptyNote>
            ) : filter !== undefined ? (
              <EmptyNote title={by === "all" ? "No actor matches." : `No ${WORDS[by]} matches.`}>
                <Button size="compact-sm" variant="default" onClick={onClear}>
                  Show all
                </Button>
              </EmptyNote>
            ) : (
              <EmptyNote title="Nothing was measured in this time." />
            )
          }
        />
      )}
      {processPanels.length > 0 && (
        <Group
          title="Processes"
          aside={filter === undefined ? undefined : "all of them, whatever the filter"}
          by="process"
          {...{ view }}
          {...shared}
          quantile={undefined}
          hidden={hide}
          panels={processPanels}
          query={processes}
          nothing={
            <EmptyNote title="No process told in this time what it uses of its machine.">
              <p className="dim">Applications that embed the bridge tell it by themselves, on Linux.</p>
            </EmptyNote>
          }
        />
      )}
    </>
  );
}

import type { ReactNode } from "react";
import type { RateLine } from "../../../api/inside";
import type { ActorRecord } from "../../../api/types";
import { formatCount, formatDuration, UNKNOWN } from "../../../lib/format";
import { Heartbeat } from "../../../ui/heartbeat";
import { Name } from "../../../ui/name";
import { Rate } from "../../../ui/rate";
import { StateWord } from "../../../ui/state-word";
import type { SortKey } from "../model/search";

export type Column = {
  key: SortKey;
  head: string;
  numeric?: boolean;
  cell: (actor: ActorRecord, line: RateLine | undefined) => ReactNode;
};

/** The columns of the list, in order; `grid-template-columns` in the style sheet gives their widths. */
export const COLUMNS: readonly Column[] = [
  { key: "status", head: "Status", cell: (actor) => <StateWord state={actor.status} /> },
  { key: "id", head: "Actor", cell: (actor) => <Name of={actor.id} cut mono /> },
  { key: "type", head: "Type", cell: (actor) => <Name of={actor.type} cut /> },
  {
    key: "rate",
    head: "Rate",
    numeric: true,
    cell: (actor, line) => <Rate perSecond={actor.rates?.messages} line={line} />,
  },
  { key: "messages", head: "Messages", numeric: true, cell: (actor) => formatCount(actor.messageCount) },
  { key: "queue", head: "Queue", numeric: true, cell: (actor) => formatCount(actor.queueDepth) },
  { key: "heartbeat", head: "Heartbeat", numeric: true, cell: (actor) => <Heartbeat actor={actor} /> },
  { key: "uptime", head: "Uptime", numeric: true, cell: (actor) => formatDuration(wholeSeconds(actor.uptime)) },
  { key: "parent", head: "Parent", cell: (actor) => <Name of={actor.parentId ?? UNKNOWN} cut mono /> },
];

/** A list of uptimes reads calmer without tenths. */
function wholeSeconds(millis: number | undefined): number | undefined {
  return millis === undefined || millis < 1000 ? millis : Math.floor(millis / 1000) * 1000;
}

import { useQuery } from "@tanstack/react-query";
import { metricsQuery } from "../api/queries";
import type { Metrics } from "../api/types";
import { plural } from "../lib/format";
import { TooMuchNote } from "./notes";

const be = (count: number) => (count === 1 ? "is" : "are");

const SENTENCES = {
  events: (count: number) =>
    `${plural(count, "line")} of journals never came: more happened at once than the processes keep. Whose they were is not known.`,
  edges: (count: number) =>
    `${plural(count, "message")} ${be(count)} in no line between actors: there are more pairs than the processes tell apart. They are in all rates.`,
  messages: (count: number) =>
    `${plural(count, "message")} ${be(count)} counted by no type of an actor's own: there are more types than the processes tell apart. They are in all totals.`,
} as const;

/** What is missing of that which is shown here, because the processes that report had no room for it; nothing where nothing is. */
export function DroppedNote({ of }: { of: readonly (keyof typeof SENTENCES)[] }) {
  const dropped: Metrics["dropped"] = useQuery(metricsQuery).data?.dropped;
  return of.map((what) => {
    const count = dropped?.[what] ?? 0;
    return Number(count) === 0 ? null : <TooMuchNote key={what}>{SENTENCES[what](count)}</TooMuchNote>;
  });
}

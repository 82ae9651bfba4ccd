import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { JournalLine } from "../../../api/inside";
import { journalQuery } from "../../../api/inside-queries";
import { condition } from "../../../lib/filter/condition";
import { formatCount, plural } from "../../../lib/format";
import { DroppedNote } from "../../../ui/dropped-note";
import { EmptyNote, ErrorNote, LoadingNote } from "../../../ui/notes";
import { PendingButton } from "../../../ui/pending-button";
import { WarnLink } from "../../../ui/warn-link";
import { readSorts, rowsOf, talliesOf } from "../model/journal-rows";
import styles from "./journal.module.css";
import { JournalDetail } from "./journal-detail";
import { JournalFilter } from "./journal-filter";
import { JournalLines } from "./journal-lines";

/** What happened to the actor, the newest first, live. A line opens to all that is known of it. */
export function Journal({ id }: { id: string }) {
  const query = useInfiniteQuery(journalQuery(id));
  const lines = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.toReversed()), [query.data]);
  const [open, setOpen] = useState<number | undefined>(undefined);
  const [wanted, setWanted] = useWanted();
  const rows = useMemo(() => rowsOf(lines, wanted), [lines, wanted]);
  if (query.error && lines.length === 0) {
    return (
      <ErrorNote title="The journal could not be read." error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  if (query.isPending) return <LoadingNote what="the journal" />;
  if (lines.length === 0) {
    return (
      <EmptyNote title="Nothing has happened to it yet.">
        <p className="dim">
          Starts, ends, panics, restarts, slow messages, dead letters and orders stand here, and what its application
          notes and logs.
        </p>
      </EmptyNote>
    );
  }
  const chosen = lines.find(({ seq }) => seq === open);
  const oldest = lines.at(-1)?.seq ?? 1;
  return (
    <div className={styles.journal}>
      <DroppedNote of={["events"]} />
      <JournalFilter tallies={talliesOf(lines, wanted)} wanted={wanted} onChange={setWanted} />
      <p className={styles.warn}>
        <WarnLink metric="errors" by="actor" filter={condition("id", id)} spoken="errors of this actor" />
      </p>
      {rows.length === 0 ? (
        <p className={styles.end}>None of the newest {plural(lines.length, "line")} is of this kind.</p>
      ) : (
        <JournalLines rows={rows} open={open} onOpen={(seq) => setOpen(seq === open ? undefined : seq)} />
      )}
      {chosen && (
        <JournalDetail
          actor={id}
          line={chosen}
          earlier={before(lines, chosen)}
          later={lines[lines.indexOf(chosen) - 1]}
          onOpen={setOpen}
          onClose={() => setOpen(undefined)}
        />
      )}
      {query.hasNextPage ? (
        <PendingButton
          size="compact-sm"
          variant="default"
          pending={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Earlier lines
        </PendingButton>
      ) : (
        oldest > 1 && <p className={styles.end}>{formatCount(oldest - 1)} earlier lines are no longer kept.</p>
      )}
    </div>
  );
}

/** The line before one, where it is known; `lines` has the newest first. */
function before(lines: readonly JournalLine[], line: JournalLine): JournalLine | undefined {
  return lines[lines.indexOf(line) + 1];
}

/** The sorts of lines that are shown, as the address has them; all where it names none. */
function useWanted(): [readonly string[], (sorts: readonly string[]) => void] {
  const { lines } = useSearch({ from: "/actors/$id" });
  const navigate = useNavigate({ from: "/actors/$id" });
  const wanted = useMemo(() => readSorts(lines), [lines]);
  const change = (sorts: readonly string[]) =>
    void navigate({
      search: ({ lines: _, ...rest }) => (sorts.length === 0 ? rest : { ...rest, lines: sorts.join() }),
      replace: true,
    });
  return [wanted, change];
}

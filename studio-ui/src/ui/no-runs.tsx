import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { workflowsQuery } from "../api/queries";
import { visible } from "../lib/visible";
import { EmptyNote, LoadingNote } from "./notes";
import { Snippet } from "./snippet";

/** Nothing has run: how to start what is there, or how to write the first workflow. */
export function NoRuns({ title }: { title: string }) {
  const { data, isPending } = useQuery(workflowsQuery);
  if (isPending) return <LoadingNote what="workflows" />;
  const first = data?.find(({ onlyCalled, state }) => !onlyCalled && state !== "invalid");
  if (data?.length === 0) return <NoWorkflows title={title} />;
  return (
    <EmptyNote title={title}>
      <p className="dim">
        Start one on the page of <Link to="/workflows">workflows</Link>, or from a shell:
      </p>
      <Snippet text={startOf(first?.file ?? ".loom.yml")} />
    </EmptyNote>
  );
}

/** How to begin with a workflow. */
export function NoWorkflows({ title = "There is no workflow here yet." }: { title?: string }) {
  return (
    <EmptyNote title={title}>
      <p className="dim">
        Put this into <code>.loom.yml</code>, in the directory that the studio was started in; it appears here by
        itself:
      </p>
      <Snippet text={EXAMPLE} />
      <p>
        <Link to="/workflows/edit">Begin with it in the editor</Link>
      </p>
      <p className="dim">It runs by its Start button, or from a shell:</p>
      <Snippet text="loom-runtime run .loom.yml" />
    </EmptyNote>
  );
}

const EXAMPLE = `name: hello
jobs:
  hello:
    runs-on: ubuntu-latest
    steps:
      - run: echo hello`;

/** The command that starts a workflow, its name or file as a shell takes it for one word. */
export function startOf(workflow: string): string {
  const word = /^[\w./-]+$/.test(workflow) ? workflow : `'${visible(workflow).replaceAll("'", "'\\''")}'`;
  return `loom-runtime run ${word}`;
}

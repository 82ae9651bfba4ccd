import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { EmptyNote, ErrorNote } from "../ui/notes";
import { Page, Panel } from "../ui/page";

export function NotFound() {
  return (
    <Page title="No such page">
      <Panel label="What to do">
        <EmptyNote title="Nothing lives at this address.">
          <Link to="/actors">Go to the actors</Link>
        </EmptyNote>
      </Panel>
    </Page>
  );
}

/** A page that broke; the others go on. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <Page title="This page broke">
      <Panel label="What went wrong">
        <ErrorNote
          title="The page could not be shown."
          error={error instanceof Error ? error : new Error(String(error))}
          onRetry={reset}
        />
      </Panel>
    </Page>
  );
}

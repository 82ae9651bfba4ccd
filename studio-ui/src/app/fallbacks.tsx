import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { EmptyNote, ErrorNote } from "../ui/notes";
import { Page, Panel } from "../ui/page";

export function NotFound() {
  return (
    <Page title="No such page">
      <Panel label="What to do">
        <EmptyNote title="Nothing lives at this address.">
          <Link to="/">Go to the overview</Link>
        </EmptyNote>
      </Panel>
    </Page>
  );
}

/** How browsers and the bundler word it when the code of a page cannot be fetched. */
const NO_CODE = /preload|dynamically imported|module script|error loading/i;

/** A page that broke; the others go on. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const cause = error instanceof Error ? error : new Error(String(error));
  const noCode = NO_CODE.test(cause.message);
  return (
    <Page title="This page broke">
      <Panel label="What went wrong">
        {noCode ? (
          <ErrorNote
            title="The page could not be loaded."
            error={
              new Error("The studio did not answer, or it is another version by now. Loading everything anew helps.")
            }
            onRetry={() => window.location.reload()}
          />
        ) : (
          <ErrorNote title="The page could not be shown." error={cause} onRetry={reset} />
        )}
      </Panel>
    </Page>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { sourceQuery } from "../../api/queries";
import { ErrorNote, LoadingNote } from "../../ui/notes";
import { Page, Panel } from "../../ui/page";
import { Editor } from "./components/editor";

/** Where a project's own workflow is looked for. */
const OWN = ".loom.yml";
const EXAMPLE = `name: hello
jobs:
  hello:
    runs-on: ubuntu-latest
    steps:
      - run: echo hello
`;

/** A workflow's text with what is wrong in it and its jobs beside it; of a file of the project, or a new one. */
export function EditorPage() {
  const { file } = useSearch({ from: "/workflows/edit" });
  if (file === undefined) return <Editor title="New workflow" file={OWN} text={EXAMPLE} />;
  return <OfFile key={file} file={file} />;
}

function OfFile({ file }: { file: string }) {
  const source = useQuery(sourceQuery(file));
  if (source.data) return <Editor file={source.data.file} text={source.data.text} />;
  return (
    <Page title={`Edit ${file}`}>
      <Panel label="Text">
        {source.error ? (
          <ErrorNote title={`${file} could not be read.`} error={source.error} onRetry={() => void source.refetch()} />
        ) : (
          <LoadingNote what={file} />
        )}
      </Panel>
    </Page>
  );
}

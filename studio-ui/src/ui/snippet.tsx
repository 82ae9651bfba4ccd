import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";

/** Text to be pasted elsewhere. A line that is wider than the window scrolls by itself, as a wrapped one would be read wrongly. */
export function Snippet({ text }: { text: string }) {
  const clipboard = useClipboard();
  return (
    <>
      <pre tabIndex={0} data-scrolls>
        {text}
      </pre>
      <Button size="compact-xs" variant="default" onClick={() => clipboard.copy(text)}>
        {clipboard.copied ? "Copied" : "Copy"}
      </Button>
    </>
  );
}

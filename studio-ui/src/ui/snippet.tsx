import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";

/** Text to be pasted elsewhere. */
export function Snippet({ text }: { text: string }) {
  const clipboard = useClipboard();
  return (
    <>
      <pre tabIndex={0}>{text}</pre>
      <Button size="compact-xs" variant="default" onClick={() => clipboard.copy(text)}>
        {clipboard.copied ? "Copied" : "Copy"}
      </Button>
    </>
  );
}

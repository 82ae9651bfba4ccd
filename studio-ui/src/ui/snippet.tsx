import { CopyButton } from "./copy-button";

/** Text to be pasted elsewhere. A line that is wider than the window scrolls by itself, as a wrapped one would be read wrongly. */
export function Snippet({ text }: { text: string }) {
  return (
    <>
      <pre tabIndex={0} data-scrolls>
        {text}
      </pre>
      <CopyButton size="compact-xs" text={() => text} />
    </>
  );
}

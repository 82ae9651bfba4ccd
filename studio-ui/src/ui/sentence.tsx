import { visible } from "../lib/visible";

/** A sentence of the runtime's; what stands between backticks is a name or a command. */
export function Sentence({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence never move.
      <code key={index} className="mono">
        {visible(part)}
      </code>
    ) : (
      visible(part)
    ),
  );
}

import { Button, type ButtonProps } from "@mantine/core";
import { useCopy } from "../lib/use-copy";

type CopyButtonProps = Pick<ButtonProps, "size"> & {
  text: () => string;
  /** What it says while nothing was copied. */
  words?: string;
  /** What it is called where the words alone do not say what is copied. */
  label?: string;
  /** The text is in the clipboard: what somebody wrote is not lost any more. */
  onCopied?: () => void;
};

/** Takes a text to the clipboard, and says so when it could not. */
export function CopyButton({ text, words = "Copy", label, onCopied, ...look }: CopyButtonProps) {
  const { state, copy } = useCopy();
  const said = { idle: words, copied: "Copied", failed: "Not copied" }[state];
  const take = async () => {
    if (await copy(text())) onCopied?.();
  };
  return (
    <>
      <Button
        variant="default"
        {...look}
        {...(label !== undefined && { "aria-label": state === "idle" ? label : `${said}: ${label}` })}
        onClick={() => void take()}
      >
        {said}
      </Button>
      <span role="status" className="visually-hidden">
        {state === "idle" ? "" : said}
      </span>
    </>
  );
}

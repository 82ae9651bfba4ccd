import { useMemo } from "react";
import { formatCount } from "../../lib/format";
import { TooMuchNote } from "../notes";
import styles from "./markdown.module.css";
import { MOST_CHARACTERS, renderMarkdown } from "./render";

/** Foreign Markdown, made harmless. Heavy: load it lazily. */
export function Markdown({ text }: { text: string }) {
  const { html, cut } = useMemo(() => renderMarkdown(text), [text]);
  return (
    <>
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: it has been through the sanitiser, in render.ts. */}
      <div className={styles.markdown} dangerouslySetInnerHTML={{ __html: html }} />
      {cut && (
        <TooMuchNote>
          The first {formatCount(MOST_CHARACTERS)} characters of {formatCount(text.length)}; `loom-runtime runs show
          --format json` prints them all.
        </TooMuchNote>
      )}
    </>
  );
}

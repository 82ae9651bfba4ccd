/** The line of a log that says most about why a job failed. */

import type { LogLine } from "../../api/types";
import { parseMarker } from "./markers";

/** Says only that it failed, which is known. */
const EMPTY = /^Process completed with exit code|^The process .* failed with exit code/i;
const LOUD = /\b(error|errors|failed|failure|panicked|fatal|exception|not ok|assertion)\b/i;

/** The last error that was marked as one, else the last line that sounds like one, else the last that a step wrote. */
export function lastError(lines: readonly LogLine[]): string | undefined {
  const said = lines
    .map((line) => ({ ...line, ...parseMarker(plain(line.message)) }))
    .filter(({ text, stream }) => text.trim() !== "" && !EMPTY.test(text) && stream !== "loom");
  const last =
    said.findLast(({ marker }) => marker === "error") ?? said.findLast(({ text }) => LOUD.test(text)) ?? said.at(-1);
  return last?.text.trim();
}

/** Without the sequences that colour a terminal. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins them.
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
}

import { expect, it } from "vitest";
import { lastError } from "./last-error";

function lines(...messages: string[]) {
  return messages.map((message, index) => ({ line: index + 1, stream: "stdout", message }));
}

it("prefers what was marked as an error, then what sounds like one, then the last word", () => {
  expect(lastError(lines("##[error]left != right", "error: later", "bye"))).toBe("left != right");
  expect(lastError(lines("ok 1", "not ok 8 - expected 40", "done"))).toBe("not ok 8 - expected 40");
  expect(lastError(lines("one", "two", " "))).toBe("two");
  expect(lastError([])).toBeUndefined();
});

it("does not repeat that it failed, nor Loom's own notes, and leaves colours out", () => {
  const said = lines("\u001b[31merror\u001b[0m: no such file", "##[error]Process completed with exit code 1.");
  const note = { line: 9, stream: "loom", message: "the step failed" };
  expect(lastError([...said, note])).toBe("error: no such file");
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LINT_CODES } from "./lint-codes";

it("all lints of the studio can be chosen, and no others", () => {
  const folder = join(import.meta.dirname, "../../../../../server/src/lints");
  const found = readdirSync(folder)
    .filter((file) => file.endsWith(".rs") && file !== "store.rs" && file !== "keep.rs")
    .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/\bcode: "([a-z_]+)"/g)])
    .map(([, code]) => code);
  expect([...new Set(found)].sort()).toEqual(LINT_CODES);
});

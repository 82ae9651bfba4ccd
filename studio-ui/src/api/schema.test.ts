import { readFileSync } from "node:fs";
import { join } from "node:path";
import openapiTypescript, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, it } from "vitest";

it("the generated types are those of the studio's description; else run `npm run gen:api`", async () => {
  const description = new URL("../../../server/openapi.json", import.meta.url);
  const generated = COMMENT_HEADER + astToString(await openapiTypescript(description));
  expect(readFileSync(join(import.meta.dirname, "schema.d.ts"), "utf8")).toBe(generated);
});

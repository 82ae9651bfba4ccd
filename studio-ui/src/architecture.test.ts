/** The house's arrows: app -> features -> ui -> lib -> api, and a feature never imports another. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname);
const LAYERS = ["api", "lib", "ui", "features", "app"];
/** The longest a component file may be; a longer one holds two ideas. */
const MOST_LINES = 250;

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
const code = files.filter((file) => !file.includes(".test.") && !file.startsWith("test-"));

describe("the house", () => {
  it("has files to look at", () => {
    expect(code.length).toBeGreaterThan(50);
  });

  it("imports only downwards, and no feature another", () => {
    expect(code.flatMap(wrongImports)).toEqual([]);
  });

  it("keeps the live side free of React", () => {
    const live = code.filter((file) => file.startsWith(join("lib", "live")));
    expect(live.length).toBeGreaterThan(3);
    expect(live.filter((file) => /from "(react|@tanstack\/react)/.test(read(file)))).toEqual([]);
  });

  it("has no barrel files", () => {
    expect(code.filter((file) => /(^|\/)index\.tsx?$/.test(file))).toEqual([]);
  });

  it("takes the keyboard from nobody who waits: the kit's `loading` disables a button", () => {
    expect(code.filter((file) => /\bloading=/.test(read(file)))).toEqual([]);
  });

  it("has no words of a library on its graphs", () => {
    const graphs = code.filter((file) => read(file).includes("<ReactFlow"));
    expect(graphs.length).toBeGreaterThan(1);
    expect(graphs.filter((file) => !read(file).includes("proOptions={UNMARKED}"))).toEqual([]);
  });

  it("says in the docs what it is made with", () => {
    const { dependencies }: { dependencies: object } = JSON.parse(read("../package.json"));
    const docs = read("../../docs/reading.md");
    const made = Object.keys(dependencies).filter((name) => name !== "react-dom");
    expect(made.filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
  });

  it("keeps components short", () => {
    const long = code.filter((file) => file.endsWith(".tsx") && read(file).split("\n").length > MOST_LINES);
    expect(long).toEqual([]);
  });
});

function wrongImports(file: string): string[] {
  const [layer, feature] = file.split("/");
  const own = LAYERS.indexOf(layer ?? "");
  if (own < 0) return [];
  return [...read(file).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].flatMap(([, path]) => {
    const target = relative(SOURCE, normalize(join(SOURCE, dirname(file), path ?? "")));
    const [to, toFeature] = target.split("/");
    const upwards = LAYERS.indexOf(to ?? "") > own;
    const sideways = layer === "features" && to === "features" && feature !== toFeature;
    return upwards || sideways ? [`${file} imports ${target}`] : [];
  });
}

function read(file: string): string {
  return readFileSync(join(SOURCE, file), "utf8");
}

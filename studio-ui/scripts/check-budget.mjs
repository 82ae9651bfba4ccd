// The first load, as the browser pays for it: what index.html names, compressed. Fails above the budget.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 300_000;
const dist = new URL("../dist/", import.meta.url);
const html = readFileSync(new URL("index.html", dist), "utf8");
const first = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1]);
const size = (name) => gzipSync(readFileSync(new URL(name, dist))).length;
const total = first.reduce((sum, name) => sum + size(name), 0);
const lazy = readdirSync(new URL("assets/", dist)).filter((name) => !first.includes(`assets/${name}`));

console.log(`first load: ${(total / 1000).toFixed(0)} kB gz of at most ${BUDGET / 1000} (${first.join(", ")})`);
console.log(`later: ${lazy.map((name) => `${name} ${(size(`assets/${name}`) / 1000).toFixed(0)}`).join(", ")}`);
if (total > BUDGET) {
  console.error("The first load is over its budget. Make something lazy, or leave it out.");
  process.exit(1);
}

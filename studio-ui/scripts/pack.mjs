// After the build: puts compressed forms beside the files, which the studio serves as they are, and weighs the first load
// as the browser pays for it. Fails above the budget.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const BUDGET = 300_000;
/** Below this a header weighs more than what is saved. */
const LEAST = 1000;
const dist = new URL("../dist/", import.meta.url);
const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.(js|css|html|svg)$/.test(name),
);

const sizes = new Map();
for (const name of files) {
  const bytes = readFileSync(new URL(name, dist));
  const packed = gzipSync(bytes, { level: 9 });
  sizes.set(name, packed.length);
  if (bytes.length < LEAST) continue;
  writeFileSync(new URL(`${name}.gz`, dist), packed);
  writeFileSync(new URL(`${name}.br`, dist), brotliCompressSync(bytes));
}

const html = readFileSync(new URL("index.html", dist), "utf8");
const first = ["index.html", ...[...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((match) => match[1])];
const sum = (names) => names.reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB gz`;
console.log(`first load ${kilobytes(sum(first))} of at most ${kilobytes(BUDGET)}; all pages ${kilobytes(sum(files))}`);
if (sum(first) > BUDGET) {
  console.error("The first load is over its budget. Make something lazy, or leave it out.");
  process.exit(1);
}

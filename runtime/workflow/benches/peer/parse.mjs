// Reads every file of a list with GitHub's own parser, as often as asked, and prints how long each round took.
//
//   node parse.mjs LIST ROUNDS      prints {"rounds":[milliseconds, ...],"invalid":N}

import fs from "node:fs";
import { register } from "node:module";

// The package imports its schema without saying that it is JSON, which Node wants to be told.
const hook = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } = await import("@actions/workflow-parser");

const [list, rounds] = process.argv.slice(2);
const files = fs
  .readFileSync(list, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((name) => ({ name, content: fs.readFileSync(name, "utf8") }));
const trace = new NoOperationTraceWriter();
const everything = 1; // ErrorPolicy.TryConversion: goes on after mistakes, as we do

async function round() {
  let invalid = 0;
  const started = performance.now();
  for (const file of files) {
    const { context, value } = parseWorkflow(file, trace);
    if (value) await convertWorkflowTemplate(context, value, undefined, { errorPolicy: everything });
    if (context.errors.getErrors().length > 0) invalid += 1;
  }
  return { took: performance.now() - started, invalid };
}

let { invalid } = await round(); // warms up, and is not counted
const taken = [];
for (let i = 0; i < Number(rounds); i += 1) taken.push((await round()).took);
console.log(JSON.stringify({ rounds: taken, invalid }));

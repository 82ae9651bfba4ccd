/** What a workflow is called, where several may have one name. */

import type { Workflow } from "../../api/workflow-types";
import { visible } from "../../lib/visible";

/** What it is started and stopped by: its name, or its file where the name could mean another one too. */
export function handleOf(workflow: Workflow, all: readonly Workflow[]): string {
  const { name, file } = workflow;
  const alone = all.every((other) => other.file === file || (other.name !== name && stem(other.file) !== name));
  return alone ? name : file;
}

/** What it is called aloud, so that no two buttons sound the same. */
export function spokenName(workflow: Workflow, all: readonly Workflow[]): string {
  const { name, file } = workflow;
  const alone = all.every((other) => other.file === file || other.name !== name);
  return visible(alone ? name : `${name} (${file})`);
}

/** As the runtime makes it: `ci` for `ci.yml`, `diamond` for `diamond.loom.yml`, `loom` for `.loom.yml`. */
function stem(file: string): string {
  const name = file.split("/").at(-1) ?? file;
  return name
    .replace(/\.ya?ml$/, "")
    .replace(/(.)\.loom$/, "$1")
    .replace(/^\.+/, "");
}

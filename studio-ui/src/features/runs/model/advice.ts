/** What to do about what the machine failed at, by the code of the reason. */

import type { Reason } from "../../../api/types";

const NEXT: Record<string, string> = {
  "owner-died": "The process that ran it was killed, or the machine went down. What it left is removed; run it again.",
  "not-resumed":
    "Mend what its reason names, then run it again: what had ended need not run once more (Re-run failed).",
  "session-lost":
    "Something ended the job's container or process from outside: the engine, a restart, too little memory. Run it again.",
  unreachable: "See whether the Docker engine runs (`loom-runtime doctor` asks it), then run it again.",
  image: "See whether the registry can be reached from here, or pull the image by hand, then run it again.",
  setup: "`loom-runtime doctor` says what this machine lacks. Then run it again.",
  journal: "See whether the disk of the state directory is full or read-only, then run it again.",
  log: "See whether the disk of the state directory is full or read-only, then run it again.",
  panic: "This is a mistake of Loom's own: its log says where. Run it again, and report it.",
};
const ELSE = "The machine failed, and no step of yours. Run it again.";

/** The next step for a run or job that is lost; nothing for any other. */
export function adviceOn(state: string, reason: Reason | undefined): string | undefined {
  if (state !== "lost") return undefined;
  const code = reason?.code ?? "";
  return Object.hasOwn(NEXT, code) ? NEXT[code] : ELSE;
}

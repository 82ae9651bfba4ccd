/** Reads a stretch of the list of actors once, in the order in which it is shown. */

import type { ActorRecord } from "../../api/types";
import type { ActorWindows, Stretch } from "./actor-windows";

const PATIENCE_MS = 5000;

/** Rejects when there is no line to the studio, or it shows no such list. */
export function readStretch(windows: ActorWindows, stretch: Stretch): Promise<readonly ActorRecord[]> {
  const window = windows.open();
  return new Promise<readonly ActorRecord[]>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("The studio did not answer. Is the line to it there?")),
      PATIENCE_MS,
    );
    window.state.subscribe(() => {
      const { loaded, rows, problem } = window.state.get();
      if (!loaded) return;
      clearTimeout(timer);
      if (problem === undefined) resolve(rows);
      else reject(new Error(problem));
    });
    window.look(stretch);
  }).finally(() => window.close());
}

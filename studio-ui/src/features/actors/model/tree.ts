/** The tree of who started whom: what of it is folded out, and what stands below a line that is folded. */

import type { TreeLine } from "../../../api/inside";
import { stateLook, type Tone } from "../../../ui/state-look";

export type Folds = {
  /** Whether only those at the top are there, or everybody. */
  unfold: "roots" | "all";
  /** The actors that are the other way. */
  except: readonly string[];
};

/** Actors that may be the other way; of more, those that were folded last. */
const MOST_EXCEPT = 1000;

/** An address stays short enough to be sent on: of who is the other way those fit in that were folded last, in characters. */
const MOST_IN_ADDRESS = 1500;

export type FoldsInAddress = { unfold?: Folds["unfold"] | undefined; except?: readonly string[] | undefined };

/** What an address says of folds: nothing where they are as at first. */
export function foldsInAddress({ unfold, except }: Folds, first: Folds["unfold"]): FoldsInAddress {
  // Less the brackets around them.
  let left = MOST_IN_ADDRESS - 6;
  const fits = except.toReversed().filter((id) => {
    left -= encodeURIComponent(JSON.stringify(id)).length + 3;
    return left >= 0;
  });
  return {
    unfold: unfold === first ? undefined : unfold,
    except: fits.length === 0 ? undefined : fits.toReversed(),
  };
}

/** What the words of an address mean; what they can't mean is left out. */
export function readFolds({ unfold, except }: Record<string, unknown>): FoldsInAddress {
  const ids = Array.isArray(except) ? except.filter((id) => typeof id === "string").slice(-MOST_EXCEPT) : [];
  return {
    ...((unfold === "roots" || unfold === "all") && { unfold }),
    ...(ids.length > 0 && { except: ids }),
  };
}

export function folded(folds: Folds, id: string): Folds {
  const others = folds.except.filter((other) => other !== id);
  const except = others.length < folds.except.length ? others : [...others, id].slice(-MOST_EXCEPT);
  return { ...folds, except };
}

/** With all of these open. */
export function opened(folds: Folds, lines: Iterable<TreeLine>): Folds {
  let next = folds;
  for (const line of lines) if (line.children > 0 && !line.open) next = folded(next, line.actor.id);
  return next;
}

/** The worst first. */
const TONES: readonly Tone[] = ["bad", "odd", "wait", "busy", "calm", "good"];

export type Below = {
  count: number;
  /** The state that somebody has to look at first, and how many are in it; undefined where all are well. */
  worst: { state: string; count: number } | undefined;
};

/** What is folded away below a line. */
export function belowOf(counts: TreeLine["below"]): Below {
  const states = Object.entries(counts);
  const count = states.reduce((sum, [, some]) => sum + some, 0);
  const rank = ([state]: [string, number]) => TONES.indexOf(stateLook(state).tone);
  const [worst] = states.sort((a, b) => rank(a) - rank(b));
  const isWell = worst === undefined || ["good", "busy", "calm"].includes(stateLook(worst[0]).tone);
  return { count, worst: isWell ? undefined : { state: worst[0], count: worst[1] } };
}

/** Where letters lead: to the next line whose name begins so, from the one after `at` on and round again. */
export function typedTo(lines: ReadonlyMap<number, TreeLine>, at: number, typed: string): number | undefined {
  const wanted = typed.toLowerCase();
  const found = [...lines].filter(([, line]) => line.actor.id.toLowerCase().startsWith(wanted)).map(([place]) => place);
  // Who goes on typing stays where that fits.
  const from = wanted.length > 1 ? at : at + 1;
  return found.find((place) => place >= from) ?? found[0];
}

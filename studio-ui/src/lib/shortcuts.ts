/** What keys mean on the page as a whole. Knows no section by name: who reads a letter decides where it leads. */

export type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

export type Meaning =
  | { kind: "help" }
  | { kind: "search" }
  | { kind: "filter" }
  | { kind: "step"; by: 1 | -1 }
  /** The first of two keys. */
  | { kind: "began" }
  | { kind: "go"; letter: string };

/** How long the second of two keys may take, in milliseconds. */
const PATIENCE_MS = 1500;
const LEADER = "g";

/** Reads keys one after the other; of two that belong together it keeps the first. */
export class KeyReader {
  #began: number | undefined;

  /** `now` in milliseconds; without single keys only those with a modifier mean something. */
  read(pressed: Pressed, now: number, singleKeys = true): Meaning | undefined {
    const { key, ctrlKey, metaKey, altKey } = pressed;
    if (MODIFIERS.has(key)) return undefined;
    const began = this.#began;
    this.#began = undefined;
    if (key.toLowerCase() === "k" && ctrlKey !== metaKey && !altKey) return { kind: "search" };
    if (!singleKeys || ctrlKey || metaKey || altKey) return undefined;
    if (began !== undefined && now - began <= PATIENCE_MS && /^[a-z]$/.test(key)) return { kind: "go", letter: key };
    if (key === LEADER) {
      this.#began = now;
      return { kind: "began" };
    }
    return Object.hasOwn(SINGLE, key) ? SINGLE[key] : undefined;
  }
}

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph"]);

const SINGLE: Record<string, Meaning> = {
  "?": { kind: "help" },
  "/": { kind: "filter" },
  j: { kind: "step", by: 1 },
  k: { kind: "step", by: -1 },
};

/** A letter for each title, by which it is gone to: the first of its letters that no title before it has. */
export function lettersOf(titles: readonly string[]): (string | undefined)[] {
  const taken = new Set<string>();
  return titles.map((title) => {
    const letter = title
      .toLowerCase()
      .match(/[a-z]/g)
      ?.find((one) => !taken.has(one));
    if (letter !== undefined) taken.add(letter);
    return letter;
  });
}

/** Whether keys pressed here are text, or choose something by their letter. */
export function takesText(element: Element | null): boolean {
  return element?.closest(TEXT_FIELDS) != null;
}

const TEXT_FIELDS = [
  "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset])",
  "textarea",
  "select",
  "[contenteditable]:not([contenteditable=false])",
  "[role=textbox]",
  "[role=searchbox]",
  "[role=combobox]",
].join();

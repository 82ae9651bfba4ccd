import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { stepRow } from "../../lib/rows";
import { KeyReader, type Meaning, takesText } from "../../lib/shortcuts";
import type { Section } from "../sections";
import { useSingleKeys } from "./single-keys";

type Shortcuts = { menu: readonly Section[]; onHelp: () => void; onSearch: () => void };

/** Listens to the keys of the page while nobody types and nothing lies over it. */
export function useShortcuts({ menu, onHelp, onSearch }: Shortcuts): void {
  const router = useRouter();
  const [singleKeys] = useSingleKeys();
  const act = useRef((_: Meaning) => {});
  useEffect(() => {
    act.current = (meaning) => {
      if (meaning.kind === "help") onHelp();
      else if (meaning.kind === "search") onSearch();
      else if (meaning.kind === "filter") {
        const field = mainPart()?.querySelector<HTMLElement>(FILTERS);
        if (field) field.focus();
        else onSearch();
      } else if (meaning.kind === "step") {
        const main = mainPart();
        if (main) stepRow(main, meaning.by);
      } else if (meaning.kind === "go") {
        const place = menu.find(({ letter }) => letter === meaning.letter)?.place;
        if (place === undefined) return;
        if ("href" in place) window.location.assign(place.href);
        else void router.navigate({ to: place.to }).then(() => mainPart()?.focus());
      }
    };
  });
  useEffect(() => {
    const keys = new KeyReader();
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      // Where the event began, and not where the keyboard went since.
      const at = event.target instanceof Element ? event.target : null;
      if (takesText(at) || document.querySelector("dialog[open]") !== null) return;
      const meaning = keys.read(event, event.timeStamp, singleKeys);
      if (meaning === undefined) return;
      event.preventDefault();
      act.current(meaning);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [singleKeys]);
}

/** The field that says what of the page is shown. */
const FILTERS = ":is(input[type=search], input[aria-label=Filter]):not(:disabled)";

/** What is not around every page. */
export function mainPart(): HTMLElement | null {
  return document.getElementById("main");
}

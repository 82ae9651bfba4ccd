import { type ParsedLocation, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { mainPart } from "./shortcuts/use-shortcuts";

/** Another page begins at its top; one that is come back to stands where it was left. */
export function useScrollPlaces(): void {
  const router = useRouter();
  useEffect(() => {
    const places = new Map<string, number[]>();
    const leave = router.subscribe("onBeforeLoad", ({ fromLocation }) => {
      const key = fromLocation && keyOf(fromLocation);
      if (key !== undefined)
        places.set(
          key,
          scrolled().map((part) => part.scrollTop),
        );
    });
    const arrive = router.subscribe("onRendered", ({ toLocation, pathChanged }) => {
      // What only changes how a page shows itself leaves it where it is.
      if (!pathChanged) return;
      const known = places.get(keyOf(toLocation) ?? "") ?? [0];
      scrolled().forEach((part, index) => {
        const place = known[index];
        if (place !== undefined) part.scrollTop = place;
      });
    });
    return () => {
      leave();
      arrive();
    };
  }, [router]);
}

/** The page, and those lists in it that scroll by themselves and say that they keep their place. */
function scrolled(): HTMLElement[] {
  const main = mainPart();
  return main === null ? [] : [main, ...main.querySelectorAll<HTMLElement>("[data-keeps-place]")];
}

/** One for each entry of the browser's history. */
function keyOf({ state }: ParsedLocation): string | undefined {
  return state.__TSR_key ?? state.key;
}

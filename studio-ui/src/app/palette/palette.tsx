import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { Name } from "../../ui/name";
import type { Section } from "../sections";
import { mainPart } from "../shortcuts/use-shortcuts";
import styles from "./palette.module.css";
import { type Place, useFound } from "./use-found";

type PaletteProps = { menu: readonly Section[]; onClose: () => void };

/** One field from which everything with a name can be gone to. Arrows choose, Enter goes. */
export function Palette({ menu, onClose }: PaletteProps) {
  const id = useId();
  const router = useRouter();
  const [typed, setTyped] = useState("");
  const { places, pending, error } = useFound(typed, menu);
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, places.length - 1);
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView?.({ block: "nearest" });
  }, [id, at]);
  const open = ({ go }: Place) => {
    onClose();
    if ("href" in go) window.location.assign(go.href);
    else void router.navigate(go).then(() => mainPart()?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    const place = places[at];
    if (to !== undefined && places.length > 0) setChosen((to + places.length) % places.length);
    else if (event.key === "Enter" && place && !event.nativeEvent.isComposing) open(place);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Search" onClose={onClose}>
      <div className={styles.field}>
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Search pages, actors, runs, workflows"
          aria-expanded={places.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder="Go to a page, an actor, a run …"
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
        <button type="button" className={styles.close} onClick={onClose}>
          <kbd>Esc</kbd>
          <span className="visually-hidden"> Close the search</span>
        </button>
      </div>
      <p role="status" className="visually-hidden">
        {pending ? "" : places.length === 0 ? "Nothing is called so." : `${places.length} found`}
      </p>
      {places.length === 0 && !pending && <p className={styles.none}>Nothing is called so.</p>}
      {error && <p className={styles.none}>Actors could not be searched: {error.message}</p>}
      <Places id={id} places={places} at={at} onOpen={open} />
    </Dialog>
  );
}

type PlacesProps = { id: string; places: readonly Place[]; at: number; onOpen: (place: Place) => void };

function Places({ id, places, at, onOpen }: PlacesProps) {
  const kinds = [...new Set(places.map(({ kind }) => kind))];
  return (
    // The keyboard stays in the field above, which names the chosen one.
    <div id={`${id}-list`} role="listbox" aria-label="Found" className={styles.list}>
      {kinds.map((kind) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a list of options.
        <div key={kind} role="group" aria-label={kind}>
          <div className={styles.kind} aria-hidden>
            {kind}
          </div>
          {places.map((place, index) =>
            place.kind !== kind ? null : (
              // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field does it.
              // biome-ignore lint/a11y/useFocusableInteractive: as above.
              <div
                key={place.key}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === at}
                className={styles.place}
                data-place={place.key}
                onClick={() => onOpen(place)}
              >
                <Name of={place.title} cut />
                {place.hint !== undefined && (
                  <span className={styles.hint}>
                    <Name of={place.hint} cut />
                  </span>
                )}
              </div>
            ),
          )}
        </div>
      ))}
    </div>
  );
}

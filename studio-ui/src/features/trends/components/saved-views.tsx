import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useId, useState, useSyncExternalStore } from "react";
import { Dialog } from "../../../ui/dialog";
import { Name } from "../../../ui/name";
import type { TrendsSearch } from "../model/search";
import { renamed, type View, views, without, withView } from "../model/views";
import styles from "./saved-views.module.css";

type SavedViewsProps = { search: TrendsSearch; onOpen: (search: TrendsSearch) => void };

/** Views that have a name, in this browser: opened, named anew, given up; and one more for what is shown. */
export function SavedViews({ search, onOpen }: SavedViewsProps) {
  const [isOpen, setOpen] = useState(false);
  const known = useSyncExternalStore(views.subscribe, views.get);
  return (
    <>
      <Button variant="default" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Views{known.length > 0 && ` (${known.length})`}
      </Button>
      {isOpen && (
        <Dialog label="Views" className={styles.dialog} onClose={() => setOpen(false)}>
          <div className={styles.head}>
            <h2>Views</h2>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setOpen(false)}>
              Close
            </Button>
          </div>
          <Save onSave={(name) => views.set(withView(views.get(), name, search))} />
          {known.length === 0 ? (
            <p className="dim">No view has a name yet. A view is what is chosen on this page; this browser keeps it.</p>
          ) : (
            <ul className={styles.list}>
              {known.map((view) => (
                <Kept
                  key={view.name}
                  view={view}
                  onOpen={() => {
                    setOpen(false);
                    onOpen(view.search);
                  }}
                />
              ))}
            </ul>
          )}
        </Dialog>
      )}
    </>
  );
}

function Save({ onSave }: { onSave: (name: string) => void }) {
  const [name, setName] = useState("");
  const id = useId();
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    onSave(name);
    setName("");
  };
  return (
    <form className={styles.save} onSubmit={save}>
      <label htmlFor={id}>Keep what is shown as</label>
      <TextInput
        id={id}
        className={styles.name ?? ""}
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" disabled={name.trim() === ""}>
        Keep
      </Button>
    </form>
  );
}

function Kept({ view: { name }, onOpen }: { view: View; onOpen: () => void }) {
  const [next, setNext] = useState<string | undefined>(undefined);
  const rename = (event: FormEvent) => {
    event.preventDefault();
    if (next !== undefined) views.set(renamed(views.get(), name, next));
    setNext(undefined);
  };
  if (next !== undefined) {
    return (
      <li>
        <form className={styles.rename} onSubmit={rename}>
          <TextInput
            aria-label={`New name of ${name}`}
            className={styles.name ?? ""}
            maxLength={80}
            autoFocus
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
          />
          <Button size="compact-sm" type="submit">
            Rename
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setNext(undefined)}>
            Leave it
          </Button>
        </form>
      </li>
    );
  }
  return (
    <li data-view={name}>
      <button type="button" className={styles.open} onClick={onOpen}>
        <Name of={name} cut />
      </button>
      <Button size="compact-sm" variant="default" aria-label={`Rename ${name}`} onClick={() => setNext(name)}>
        Rename
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Delete ${name}`}
        onClick={() => views.set(without(views.get(), name))}
      >
        Delete
      </Button>
    </li>
  );
}

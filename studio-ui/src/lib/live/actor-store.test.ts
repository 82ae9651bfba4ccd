import { describe, expect, it, vi } from "vitest";
import type { ActorRecord } from "../../api/types";
import { ActorStore } from "./actor-store";

function actor(id: string, messageCount = 0): ActorRecord {
  return { id, type: "T", messageCount };
}

function filled(...records: ActorRecord[]): ActorStore {
  const store = new ActorStore((publish) => publish);
  store.applySnapshot(store.beginSnapshot(), records);
  return store;
}

function ids(store: ActorStore): string[] {
  return store.list().map((record) => record.id);
}

describe("ActorStore", () => {
  it("is loaded once the first snapshot is in, also when it is empty", () => {
    const store = new ActorStore((publish) => publish);
    store.update(actor("a"));
    expect(store.state.get().loaded).toBe(false);
    store.applySnapshot(store.beginSnapshot(), []);
    expect(store.state.get().loaded).toBe(true);
  });

  it("takes updates, new actors and removals", () => {
    const store = filled(actor("a"));
    store.update(actor("a", 5));
    store.update(actor("b"));
    expect(store.get("a")?.messageCount).toBe(5);
    store.remove("a");
    expect(ids(store)).toEqual(["b"]);
  });

  it("drops what a later snapshot no longer has", () => {
    const store = filled(actor("a"), actor("b"));
    store.applySnapshot(store.beginSnapshot(), [actor("b", 9)]);
    expect(store.list()).toEqual([actor("b", 9)]);
  });

  it("keeps a frame that came while the snapshot was on its way", () => {
    const store = filled(actor("a", 1));
    const snapshot = store.beginSnapshot();
    store.update(actor("a", 3));
    store.update(actor("new"));
    store.applySnapshot(snapshot, [actor("a", 2)]);
    expect(store.get("a")?.messageCount).toBe(3);
    expect(ids(store)).toContain("new");
  });

  it("does not bring back an actor that was removed while the snapshot was on its way", () => {
    const store = filled(actor("a"), actor("b"));
    const snapshot = store.beginSnapshot();
    store.remove("a");
    store.applySnapshot(snapshot, [actor("a"), actor("b")]);
    expect(ids(store)).toEqual(["b"]);
  });

  it("forgets the tombstone with the snapshot it was for", () => {
    const store = filled(actor("a"));
    const snapshot = store.beginSnapshot();
    store.remove("a");
    store.applySnapshot(snapshot, [actor("a")]);
    store.applySnapshot(store.beginSnapshot(), [actor("a")]);
    expect(ids(store)).toEqual(["a"]);
  });

  it("drops the answer of a snapshot that a later one overtook", () => {
    const store = filled();
    const first = store.beginSnapshot();
    const second = store.beginSnapshot();
    store.applySnapshot(second, [actor("new")]);
    store.applySnapshot(first, [actor("old")]);
    store.failSnapshot(first, new Error("late"));
    expect(ids(store)).toEqual(["new"]);
    expect(store.state.get().error).toBeUndefined();
  });

  it("keeps what it has when a snapshot fails, and says so", () => {
    const store = filled(actor("a"));
    store.failSnapshot(store.beginSnapshot(), new Error("no answer"));
    expect(ids(store)).toEqual(["a"]);
    expect(store.state.get().error?.message).toBe("no answer");
  });

  it("hands out the same list until something changes", () => {
    const store = filled(actor("a"));
    const list = store.list();
    store.remove("unknown");
    expect(store.list()).toBe(list);
    store.update(actor("a", 1));
    expect(store.list()).not.toBe(list);
  });

  it("joins many changes into one notice", () => {
    let publish = () => {};
    const store = new ActorStore((run) => {
      publish = run;
      return () => {};
    });
    const heard = vi.fn();
    store.state.subscribe(heard);
    for (let index = 0; index < 1000; index += 1) store.update(actor(`a-${index}`));
    expect(heard).not.toHaveBeenCalled();
    publish();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(store.list()).toHaveLength(1000);
  });
});

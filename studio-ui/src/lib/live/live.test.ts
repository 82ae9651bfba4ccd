import { describe, expect, it, vi } from "vitest";
import type { ActorRecord, Frame } from "../../api/types";
import { Live } from "./live";

function start(actors: () => Promise<ActorRecord[]>, one: (id: string) => Promise<ActorRecord | undefined>) {
  let say = (_: Frame) => {};
  const onFrame = vi.fn();
  const onResync = vi.fn();
  const live = new Live({
    url: "ws://studio/ws",
    fetchActors: actors,
    fetchActor: one,
    onFrame,
    onResync,
    schedule: (publish) => publish,
    environment: {
      connect: () => {
        const socket = { onmessage: (_: { data: string }) => {}, onclose: null, close: () => {} };
        say = (frame) => socket.onmessage({ data: JSON.stringify(frame) });
        return socket as unknown as WebSocket;
      },
      now: () => 0,
      random: () => 0,
    },
  });
  live.socket.start();
  let seq = 0;
  return {
    live,
    onFrame,
    onResync,
    say: (type: string, data: unknown) => {
      seq += 1;
      say({ type, epoch: "a", seq, data });
    },
  };
}

const nobody = async () => undefined;

describe("Live", () => {
  it("reads all actors at the start and keeps them by frames", async () => {
    const { live, say, onResync } = start(async () => [{ id: "a", type: "T" }], nobody);
    live.watchActors();
    say("hello", { epoch: "a", seq: 1 });
    await vi.waitFor(() => expect(live.actors.state.get().loaded).toBe(true));
    expect(onResync).toHaveBeenCalledTimes(1);
    say("actor:update", { id: "b", type: "T", status: "active" });
    say("actor:removed", { id: "a" });
    expect(live.actors.list()).toEqual([{ id: "b", type: "T", status: "active" }]);
    live.socket.stop();
  });

  it("reads no actors while nobody shows them, and what was missed once somebody does", async () => {
    const fetchActors = vi.fn(async () => [{ id: "a", type: "T" }]);
    const { live, say } = start(fetchActors, nobody);
    say("hello", { epoch: "a", seq: 1 });
    say("actor:update", { id: "b", type: "T" });
    expect(fetchActors).not.toHaveBeenCalled();
    expect(live.actors.size).toBe(0);
    const forget = live.watchActors();
    await vi.waitFor(() => expect(live.actors.list()).toEqual([{ id: "a", type: "T" }]));
    forget();
    say("actor:removed", { id: "a" });
    expect(live.actors.size).toBe(1);
    live.watchActors();
    expect(fetchActors).toHaveBeenCalledTimes(2);
    live.socket.stop();
  });

  it("tells the growth of a log only to those who show that log", () => {
    const { live, say } = start(async () => [], nobody);
    const mine = vi.fn();
    const other = vi.fn();
    const again = vi.fn();
    live.logs.listen({ run: "r1", job: "build", attempt: 2 }, mine, again);
    const forget = live.logs.listen({ run: "r1", job: "build", attempt: 1 }, other, again);
    say("log:grown", { runId: "r1", job: "build", attempt: 2, total: 12 });
    expect(mine).toHaveBeenCalledWith(12);
    expect(other).not.toHaveBeenCalled();
    forget();
    live.logs.resync();
    expect(again).toHaveBeenCalledTimes(1);
    live.socket.stop();
  });

  it("fetches everything once for a burst of holes, and once after it", () => {
    vi.useFakeTimers();
    try {
      const fetchActors = vi.fn(async () => []);
      const { live, say } = start(fetchActors, nobody);
      live.watchActors();
      say("hello", { epoch: "a", seq: 1 });
      for (let hole = 0; hole < 50; hole += 1) say("resync", { epoch: "a", seq: 1 });
      expect(fetchActors).toHaveBeenCalledTimes(1);
      vi.advanceTimersByTime(1000);
      expect(fetchActors).toHaveBeenCalledTimes(2);
      vi.advanceTimersByTime(10_000);
      expect(fetchActors).toHaveBeenCalledTimes(2);
      live.socket.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  it("passes on frames of products", () => {
    const { live, say, onFrame } = start(async () => [], nobody);
    say("hello", { epoch: "a", seq: 1 });
    say("run:update", { runId: "r1" });
    expect(onFrame).toHaveBeenCalledWith(expect.objectContaining({ type: "run:update", data: { runId: "r1" } }));
    live.socket.stop();
  });

  it("does not let a late answer undo a frame", async () => {
    let answer = (_: ActorRecord | undefined) => {};
    const { live } = start(
      async () => [],
      () => new Promise((resolve) => (answer = resolve)),
    );
    live.actors.update({ id: "a", type: "T", messageCount: 1 });
    const reading = live.refreshActor("a");
    live.actors.update({ id: "a", type: "T", messageCount: 3 });
    answer({ id: "a", type: "T", messageCount: 2 });
    await reading;
    expect(live.actors.get("a")?.messageCount).toBe(3);
    live.socket.stop();
  });

  it("forgets an actor that the studio no longer knows", async () => {
    const { live } = start(async () => [], nobody);
    live.actors.update({ id: "a", type: "T" });
    await live.refreshActor("a");
    expect(live.actors.get("a")).toBeUndefined();
    live.socket.stop();
  });
});

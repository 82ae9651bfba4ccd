import { describe, expect, it, vi } from "vitest";
import type { Frame } from "../../api/types";
import { Live } from "./live";

function start() {
  let say = (_: Frame) => {};
  const onFrame = vi.fn();
  const onResync = vi.fn();
  const live = new Live({
    url: "ws://studio/ws",
    onFrame,
    onResync,
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

describe("Live", () => {
  it("tells the growth of a log only to those who show that log", () => {
    const { live, say } = start();
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
      const { live, say, onResync } = start();
      say("hello", { epoch: "a", seq: 1 });
      for (let hole = 0; hole < 50; hole += 1) say("resync", { epoch: "a", seq: 1 });
      expect(onResync).toHaveBeenCalledTimes(1);
      vi.advanceTimersByTime(1000);
      expect(onResync).toHaveBeenCalledTimes(2);
      vi.advanceTimersByTime(10_000);
      expect(onResync).toHaveBeenCalledTimes(2);
      live.socket.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  it("passes on frames of products", () => {
    const { live, say, onFrame } = start();
    say("hello", { epoch: "a", seq: 1 });
    say("run:update", { runId: "r1" });
    expect(onFrame).toHaveBeenCalledWith(expect.objectContaining({ type: "run:update", data: { runId: "r1" } }));
    live.socket.stop();
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame } from "../../api/types";
import { connectionWord } from "./connection";
import { LiveSocket } from "./socket";

class FakeSocket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly url: string) {}

  close(): void {
    this.closed = true;
  }

  say(frame: Frame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

let sockets: FakeSocket[];
let frames: Frame[];
let resyncs: number;
let live: LiveSocket;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  frames = [];
  resyncs = 0;
  live = new LiveSocket(
    "ws://studio/ws",
    { onFrame: (frame) => frames.push(frame), onResync: () => (resyncs += 1) },
    {
      connect: (url) => {
        const socket = new FakeSocket(url);
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
      now: Date.now,
      random: () => 1,
    },
  );
  live.start();
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

function last(): FakeSocket {
  const socket = sockets.at(-1);
  if (!socket) throw new Error("no socket was opened");
  return socket;
}

function hello(seq: number, epoch = "a"): Frame {
  return { type: "hello", epoch, seq, data: { epoch, seq } };
}

function metrics(seq: number, epoch = "a"): Frame {
  return { type: "metrics", epoch, seq, data: {} };
}

function word(): string {
  return connectionWord(live.connection.get(), Date.now());
}

describe("LiveSocket", () => {
  it("starts without a position and resumes with one", () => {
    expect(last().url).toBe("ws://studio/ws");
    last().say(hello(4));
    last().say(metrics(5));
    last().onclose?.();
    vi.advanceTimersByTime(250);
    expect(last().url).toBe("ws://studio/ws?epoch=a&seq=5");
  });

  it("passes on news and asks for everything once", () => {
    last().say(hello(4));
    last().say(metrics(5));
    last().say(metrics(4));
    expect(frames.map((frame) => frame.seq)).toEqual([5]);
    expect(resyncs).toBe(1);
  });

  it("waits longer with every failure, and shortly again after a success", () => {
    for (const wait of [250, 500, 1000, 2000]) {
      const before = sockets.length;
      last().onclose?.();
      vi.advanceTimersByTime(wait - 1);
      expect(sockets).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(sockets).toHaveLength(before + 1);
    }
    last().say(hello(1));
    const before = sockets.length;
    last().onclose?.();
    vi.advanceTimersByTime(250);
    expect(sockets).toHaveLength(before + 1);
  });

  it("says connecting, live, stale and offline, and is never live again by waiting", () => {
    expect(word()).toBe("connecting");
    last().say(hello(1));
    expect(word()).toBe("live");
    vi.advanceTimersByTime(7000);
    expect(word()).toBe("stale");
    last().say(metrics(2));
    expect(word()).toBe("live");
    last().onclose?.();
    expect(word()).toBe("offline");
  });

  it("takes a socket that is silent too long for dead and opens another", () => {
    last().say(hello(1));
    const dead = last();
    vi.advanceTimersByTime(17_000);
    expect(dead.closed).toBe(true);
    expect(sockets).toHaveLength(2);
    dead.say(metrics(2));
    expect(frames).toEqual([]);
  });

  it("tries at once when asked to, and not twice", () => {
    last().onclose?.();
    live.retryNow();
    expect(sockets).toHaveLength(2);
    live.retryNow();
    vi.advanceTimersByTime(250);
    expect(sockets).toHaveLength(2);
  });

  it("opens nothing any more once stopped", () => {
    last().onclose?.();
    live.stop();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("is not stopped by what is no frame", () => {
    last().onmessage?.({ data: "hello?" });
    last().onmessage?.({ data: new ArrayBuffer(1) });
    last().say(hello(1));
    expect(word()).toBe("live");
  });
});

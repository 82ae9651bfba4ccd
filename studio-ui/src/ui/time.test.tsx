import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Connection } from "../lib/live/connection";
import type { Live } from "../lib/live/live";
import { Store } from "../lib/store";
import { LiveContext } from "../lib/use-live";
import { Elapsed } from "./time";

const START = Date.parse("2025-12-13T03:33:50.000Z");

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(START);
});
afterEach(() => vi.useRealTimers());

it("what runs is counted while the studio tells of it, and not beyond its last word", () => {
  const open: Connection = { open: true, lastFrameAt: START, closedAt: undefined, nextTryAt: undefined };
  const connection = new Store(open);
  render(
    <LiveContext value={{ socket: { connection } } as unknown as Live}>
      <Elapsed from={new Date(START).toISOString()} to={undefined} />
    </LiveContext>,
  );
  act(() => void vi.advanceTimersByTime(5000));
  expect(screen.getByText("5.0 s")).toBeTruthy();
  act(() => connection.set({ ...open, open: false, lastFrameAt: START + 5000 }));
  act(() => void vi.advanceTimersByTime(60_000));
  expect(screen.getByText("5.0 s")).toBeTruthy();
  act(() => connection.set({ ...open, lastFrameAt: START + 65_000 }));
  act(() => void vi.advanceTimersByTime(1000));
  expect(screen.getByText("1m 06s")).toBeTruthy();
});

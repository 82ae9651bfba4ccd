import { describe, expect, it, vi } from "vitest";
import type { LogLine, LogWindow } from "../../api/types";
import { CHUNK, LogBuffer } from "./log-buffer";

/** A log on a server, with every question that was asked of it. */
class FakeLog {
  readonly asked: { from: number; limit: number }[] = [];
  complete = false;
  fail = false;
  #lines: LogLine[] = [];

  write(count: number, step?: string): void {
    for (let index = 0; index < count; index += 1) {
      const line = this.#lines.length + 1;
      this.#lines.push({ line, stream: "stdout", message: `line ${line}`, ...(step !== undefined && { step }) });
    }
  }

  fetch = async (from: number, limit: number): Promise<LogWindow> => {
    this.asked.push({ from, limit });
    if (this.fail) throw new Error("no answer");
    const lines = this.#lines.slice(from - 1, from - 1 + limit);
    return { lines, from, next: from + lines.length, total: this.#lines.length, complete: this.complete };
  };
}

/** Lets the answers that are on their way arrive. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function opened(log: FakeLog): Promise<LogBuffer> {
  const buffer = new LogBuffer(log.fetch);
  buffer.want(1, 1);
  await settle();
  return buffer;
}

describe("LogBuffer", () => {
  it("fetches the first window and knows the total", async () => {
    const log = new FakeLog();
    log.write(3);
    const buffer = await opened(log);
    expect(buffer.state.get().total).toBe(3);
    expect(buffer.line(3)?.message).toBe("line 3");
    expect(buffer.line(4)).toBeUndefined();
  });

  it("fetches only what is looked at", async () => {
    const log = new FakeLog();
    log.write(CHUNK * 20);
    const buffer = await opened(log);
    buffer.want(CHUNK * 10 + 5, CHUNK * 10 + 40);
    await settle();
    expect(log.asked.map(({ from }) => from)).toEqual([1, CHUNK * 10 + 1]);
    expect(buffer.line(CHUNK * 10 + 5)?.message).toBe(`line ${CHUNK * 10 + 5}`);
  });

  it("fetches only what is new when a log grows", async () => {
    const log = new FakeLog();
    log.write(10);
    const buffer = await opened(log);
    log.write(5);
    buffer.grown(15);
    await settle();
    expect(log.asked.at(-1)).toEqual({ from: 11, limit: CHUNK - 10 });
    expect(buffer.line(15)?.message).toBe("line 15");
  });

  it("does not fetch the tail while the reader is elsewhere, but counts it", async () => {
    const log = new FakeLog();
    log.write(CHUNK * 4);
    const buffer = await opened(log);
    const asked = log.asked.length;
    log.write(100);
    buffer.grown(CHUNK * 4 + 100);
    await settle();
    expect(log.asked).toHaveLength(asked);
    expect(buffer.state.get().total).toBe(CHUNK * 4 + 100);
  });

  it("asks once for many notices that come together", async () => {
    const log = new FakeLog();
    log.write(1);
    const buffer = await opened(log);
    log.write(100);
    for (let total = 2; total <= 101; total += 1) buffer.grown(total);
    await settle();
    expect(log.asked.length).toBeLessThanOrEqual(3);
    expect(buffer.line(101)?.message).toBe("line 101");
  });

  it("ignores a notice that is older than what it knows", async () => {
    const log = new FakeLog();
    log.write(10);
    const buffer = await opened(log);
    buffer.grown(4);
    expect(buffer.state.get().total).toBe(10);
  });

  it("asks for the end again when told to, and learns that the log is whole", async () => {
    const log = new FakeLog();
    log.write(2);
    const buffer = await opened(log);
    expect(buffer.state.get().complete).toBe(false);
    log.write(1);
    log.complete = true;
    buffer.refresh();
    await settle();
    expect(buffer.state.get()).toMatchObject({ total: 3, complete: true });
    expect(buffer.line(3)?.message).toBe("line 3");
  });

  it("stops at a failure, says it, and goes on when asked again", async () => {
    const log = new FakeLog();
    log.fail = true;
    const buffer = await opened(log);
    expect(buffer.state.get().error?.message).toBe("no answer");
    const asked = log.asked.length;
    buffer.grown(5);
    await settle();
    expect(log.asked).toHaveLength(asked);
    log.fail = false;
    log.write(5);
    buffer.refresh();
    await settle();
    expect(buffer.state.get()).toMatchObject({ total: 5, error: undefined });
  });

  it("does not ask without end when the server has less than it said", async () => {
    const log = new FakeLog();
    log.write(3);
    const buffer = await opened(log);
    buffer.grown(9);
    await settle();
    const asked = log.asked.length;
    await settle();
    expect(log.asked).toHaveLength(asked);
  });

  it("lets go of what is far away", async () => {
    const log = new FakeLog();
    log.write(CHUNK * 130);
    const buffer = await opened(log);
    for (let chunk = 0; chunk < 130; chunk += 1) {
      buffer.want(chunk * CHUNK + 1, chunk * CHUNK + 2);
      await settle();
    }
    expect(buffer.line(1)).toBeUndefined();
    expect(buffer.line(129 * CHUNK + 1)).toBeDefined();
  });

  it("finds where steps begin as lines come in", async () => {
    const log = new FakeLog();
    log.write(2);
    log.write(3, "0");
    const buffer = await opened(log);
    expect(buffer.state.get().sections).toEqual([{ line: 3, step: "0" }]);
    log.write(2, "1");
    buffer.grown(7);
    await settle();
    expect(buffer.state.get().sections).toEqual([
      { line: 3, step: "0" },
      { line: 6, step: "1" },
    ]);
  });

  it("asks nothing any more once closed", async () => {
    const log = new FakeLog();
    const buffer = await opened(log);
    const asked = log.asked.length;
    buffer.close();
    const heard = vi.fn();
    buffer.state.subscribe(heard);
    log.write(5);
    buffer.want(1, 5);
    await settle();
    expect(log.asked).toHaveLength(asked);
    expect(heard).not.toHaveBeenCalled();
  });
});

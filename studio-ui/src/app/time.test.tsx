/** The one time cursor of all panels, as a whole page. */

import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RecordingState } from "../api/recording";
import { openStudio } from "../test-studio";

const FOUND = { timeout: 8000 };
const AT = 1_765_596_838_077;
const RECORDING: RecordingState = {
  recording: true,
  stretch: { from: "2025-12-13T03:24:00.000Z", to: "2025-12-13T03:34:00.000Z" },
  holes: [],
  cutShort: false,
  bytes: 1,
  mostBytes: 2,
};
const TYPE = { type: "Cart", live: 1, queued: 0, handled: 0, errors: 0, rate: 1, errorRate: 0 };

afterEach(() => vi.unstubAllGlobals());

/** What was asked of a path, each time. */
function asked(studio: ReturnType<typeof openStudio>, path: string): string[] {
  return studio.asked.flatMap((one, place) => (one === path ? [studio.queries[place] ?? ""] : []));
}

describe("the time cursor", () => {
  it("asks for the moment of the address, and live again", async () => {
    const studio = openStudio(`/types?at=${AT}`, { "/api/recording": RECORDING, "/api/types": [TYPE] });
    const live = await screen.findByRole("button", { name: "Live" }, FOUND);
    await screen.findByText("Cart", undefined, FOUND);
    expect(asked(studio, "/api/types").every((query) => query.includes(`at=${AT}`))).toBe(true);
    expect(asked(studio, "/api/metrics").every((query) => query === `at=${AT}`)).toBe(true);
    expect(live.getAttribute("aria-pressed")).toBe("false");
    studio.answers["/api/types"] = [{ ...TYPE, type: "Mailer" }];
    fireEvent.click(live);
    await screen.findByText("Mailer", undefined, FOUND);
    expect(asked(studio, "/api/types").at(-1)).not.toContain("at=");
    expect(studio.router.latestLocation.searchStr).not.toContain("at=");
  });

  it("goes along to other pages, and is moved by its handle", async () => {
    const studio = openStudio(`/types?at=${AT}`, { "/api/recording": RECORDING });
    const cursor = await screen.findByRole("slider", { name: "Moment" }, FOUND);
    fireEvent.click(screen.getByRole("link", { name: "Actors" }));
    await waitFor(() => expect(studio.router.latestLocation.href).toContain(`/actors?at=${AT}`));
    fireEvent.change(cursor, { target: { value: String(Date.parse("2025-12-13T03:30:00.000Z")) } });
    await waitFor(() => expect(studio.router.latestLocation.searchStr).toContain("at=1765596600000"));
  });

  it("lets live frames change nothing of what is past", async () => {
    const studio = openStudio(`/?at=${AT}`, { "/api/recording": RECORDING, "/api/v1/actors": { items: [], total: 0 } });
    await screen.findByText("Nothing needs you.", undefined, FOUND);
    await studio.hello();
    await studio.say("lints", [
      { code: "x", severity: "problem", sentence: "it is on fire", since: "2025-12-13T03:30:00Z" },
    ]);
    expect(screen.queryByText("it is on fire")).toBeNull();
  });

  it("says where reports were lost, and that the memory is used up", async () => {
    const hole = { from: "2025-12-13T03:25:00.000Z", to: "2025-12-13T03:26:00.000Z", lost: 7 };
    openStudio("/types", { "/api/recording": { ...RECORDING, holes: [hole], cutShort: true } });
    await screen.findByText(/more came in than could be recorded/, undefined, FOUND);
    screen.getByText(/reaches back less than ten minutes/);
  });

  it("names the recording that is shown", async () => {
    const opened = { name: "a.loomrec", studio: "1", reason: "by hand", made: "2025-12-13T03:34:00.000Z" };
    openStudio("/types", { "/api/recording": { ...RECORDING, recording: false, opened } });
    await screen.findByText("a.loomrec", undefined, FOUND);
    screen.getByRole("button", { name: "End" });
  });
});

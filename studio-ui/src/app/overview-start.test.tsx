/** Starting workflows from the overview, with the studio's answers given by hand. */

import { fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStudio, PENDING, Problem } from "../test-studio";

// The first visit of a page loads its code, which takes longer on a busy machine than the library waits by itself.
const FOUND = { timeout: 8000 };
const DIAMOND = { name: "diamond", file: "diamond.loom.yml", state: "idle" };
const RUN = { runId: "r-1", workflow: DIAMOND, state: "success" };
const START = "POST /api/workflows/diamond/start";

beforeEach(() => window.localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

function overview(workflows: readonly object[], answers: Record<string, unknown> = {}) {
  return openStudio("/", {
    "/api/v1/actors": { items: [], next: null, total: 0 },
    "/api/map": { group: "actor", nodes: [], edges: [] },
    "/api/workflows": workflows,
    ...answers,
  });
}

async function panel() {
  return within(await screen.findByRole("region", { name: "Workflows" }, FOUND));
}

describe("the workflows of the overview", () => {
  it("start from there, and the page goes on to the run", async () => {
    const studio = overview([DIAMOND], {
      [START]: { runId: "r-1" },
      "/api/runs/r-1": { ...RUN, state: "queued", jobs: [] },
    });
    fireEvent.click(await (await panel()).findByRole("button", { name: "Start diamond" }));
    await screen.findByText("This run has no jobs.", undefined, FOUND);
    expect(studio.router.state.location.pathname).toBe("/runs/r-1");
  });

  it("are started once by a double click, and the keyboard stays", async () => {
    const studio = overview([DIAMOND], { [START]: PENDING });
    const button = await (await panel()).findByRole("button", { name: "Start diamond" });
    button.focus();
    fireEvent.click(button);
    fireEvent.click(button);
    expect(button.getAttribute("aria-disabled")).toBe("true");
    expect(document.activeElement).toBe(button);
    expect(studio.asked.filter((path) => path === START)).toHaveLength(1);
  });

  it("say what was refused, where it was asked for", async () => {
    overview([DIAMOND], { [START]: new Problem(409, "two files are called diamond") });
    const list = await panel();
    fireEvent.click(await list.findByRole("button", { name: "Start diamond" }));
    expect((await list.findByRole("alert")).textContent).toContain("two files are called diamond");
  });

  it("ask for what one of them takes, and give the keyboard back", async () => {
    const inputs = [{ name: "where", type: "string", required: true }];
    const studio = overview([{ ...DIAMOND, inputs }], { [START]: PENDING });
    const list = await panel();
    const button = await list.findByRole("button", { name: "Start diamond" });
    button.focus();
    fireEvent.click(button);
    expect(button.getAttribute("aria-expanded")).toBe("true");
    fireEvent.keyDown(list.getByLabelText(/^where/), { key: "Escape" });
    expect(list.queryByRole("form")).toBeNull();
    expect(document.activeElement).toBe(button);
    fireEvent.click(button);
    const form = within(list.getByRole("form", { name: "Start diamond with" }));
    fireEvent.change(form.getByLabelText(/^where/), { target: { value: "staging" } });
    fireEvent.click(form.getByRole("button", { name: "Start" }));
    expect(JSON.parse(String(studio.sent[studio.asked.indexOf(START)]))).toEqual({ inputs: { where: "staging" } });
  });

  it("are told apart aloud, and by what is sent", async () => {
    const studio = overview([DIAMOND, { ...DIAMOND, file: "other.yml" }], {
      "POST /api/workflows/other.yml/start": PENDING,
    });
    const list = await panel();
    await list.findByRole("button", { name: "Start diamond (diamond.loom.yml)" });
    fireEvent.click(list.getByRole("button", { name: "Start diamond (other.yml)" }));
    expect(studio.asked).toContain("POST /api/workflows/other.yml/start");
  });

  it("do not start while their file is wrong, nor for those who may only look", async () => {
    const first = overview([{ ...DIAMOND, state: "invalid" }]);
    expect(await (await panel()).findByRole("button", { name: "Start diamond" })).toHaveProperty("disabled", true);
    first.unmount();
    for (const page of ["/", "/workflows"]) {
      const studio = openStudio(page, {
        "/api/session": { required: true, signedIn: true, role: "view" },
        "/api/workflows": [DIAMOND],
      });
      const button = await screen.findByRole("button", { name: "Start diamond" }, FOUND);
      expect(button).toHaveProperty("disabled", true);
      expect(button.title).toBe("Your role may look, and start nothing.");
      studio.unmount();
    }
  });

  it("lead to the editor, also where there is none of them any more", async () => {
    const first = overview([DIAMOND]);
    const link = await (await panel()).findByRole("link", { name: "New workflow" });
    expect(link.getAttribute("href")).toBe("/workflows/edit");
    first.unmount();
    const second = overview([], { "/api/v1/runs": { items: [RUN], next: null, total: 1 }, "/api/runs/r-1": RUN });
    expect(await (await panel()).findByRole("link", { name: "Begin with it in the editor" })).toBeTruthy();
    second.unmount();
    overview([{ ...DIAMOND, onlyCalled: true }]);
    await (await panel()).findByText("The workflows here are only called by others.");
    expect(screen.queryByRole("button", { name: /^Start/ })).toBeNull();
  });
});

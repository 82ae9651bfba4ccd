import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openStudio, PENDING, Problem } from "../test-studio";

const FOUND = { timeout: 8000 };
const SOURCE = "/api/workflows/.loom.yml/source";
const CHECK = "POST /api/workflows/check";
const TEXT = "jobs:\n  a: {steps: [{run: x}]}\n  b: {needs: a, steps: [{run: x}]}\n";
const JOB = { matrix: false, instances: ["x"] };
const GOOD = {
  valid: true,
  diagnostics: [],
  graph: {
    name: null,
    jobs: [
      { id: "a", name: "a", needs: [], ...JOB },
      { id: "b", name: "b", needs: ["a"], ...JOB },
    ],
  },
};
const BAD = {
  valid: false,
  diagnostics: [
    {
      severity: "error",
      code: "schema/unknown-key",
      file: ".loom.yml",
      line: 2,
      column: 7,
      end_line: 2,
      end_column: 12,
      message: "unknown key `stepz` in job `a`",
      label: "not known here",
      help: "did you mean `steps`?",
    },
    { severity: "error", code: "x/y", file: "other.yml", line: 9, column: 1, message: "why" },
  ],
};

afterEach(() => vi.unstubAllGlobals());

function open(answers: Record<string, unknown> = {}) {
  return openStudio("/workflows/edit?file=.loom.yml", {
    [SOURCE]: { file: ".loom.yml", text: TEXT },
    [CHECK]: GOOD,
    ...answers,
  });
}

async function field(): Promise<HTMLTextAreaElement> {
  return screen.findByLabelText<HTMLTextAreaElement>("Text of .loom.yml", undefined, FOUND);
}

function type(area: HTMLTextAreaElement, text: string): void {
  fireEvent.change(area, { target: { value: text } });
}

describe("the editor", () => {
  it("shows the text of a file, that nothing is wrong, and its jobs", async () => {
    const studio = open();
    expect((await field()).value).toBe(TEXT);
    await screen.findByText("Nothing is wrong in this text.", undefined, FOUND);
    expect(screen.getByText("valid")).toBeTruthy();
    await waitFor(() => expect(document.querySelectorAll("[data-node]")).toHaveLength(2), FOUND);
    expect(JSON.parse(String(studio.sent[studio.asked.indexOf(CHECK)]))).toEqual({ name: ".loom.yml", text: TEXT });
  });

  it("tells a mistake soon after it was typed, keeps the last graph, and leads to the place", async () => {
    const studio = open();
    const area = await field();
    await waitFor(() => expect(document.querySelectorAll("[data-node]")).toHaveLength(2), FOUND);
    studio.answers[CHECK] = BAD;
    type(area, TEXT.replace("steps", "stepz"));
    const finding = await screen.findByRole("button", { name: /unknown key `stepz`/ }, FOUND);
    expect(screen.getByText("2 errors")).toBeTruthy();
    expect(document.querySelector("[data-marked='2'] [data-severity]")?.textContent).toBe("stepz");
    expect(document.querySelectorAll("[data-node]")).toHaveLength(2);
    expect(screen.getByText("As it was before the mistakes.")).toBeTruthy();
    // What is in another file is no place to go to.
    const list = within(screen.getByRole("list", { name: "Findings in .loom.yml" }));
    expect(list.getAllByRole("button")).toHaveLength(1);
    fireEvent.click(finding);
    expect(document.activeElement).toBe(area);
    expect(area.value.slice(area.selectionStart, area.selectionEnd)).toBe("stepz");
    studio.answers[CHECK] = GOOD;
    type(area, TEXT);
    await screen.findByText("Nothing is wrong in this text.", undefined, FOUND);
    expect(screen.queryByText("As it was before the mistakes.")).toBeNull();
  });

  it("takes no answer for that of a later text", async () => {
    const answers: Record<string, (answer: unknown) => void> = {};
    const studio = open();
    const area = await field();
    await screen.findByText("valid", undefined, FOUND);
    const before = globalThis.fetch;
    vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
      if (!url.endsWith("/check")) return before(url, init);
      const { text } = JSON.parse(String(init?.body));
      // As a server that does not hear that nobody listens any more.
      return new Promise((resolve) => {
        answers[text] = (answer) => resolve(new Response(JSON.stringify(answer)));
      });
    });
    type(area, "early");
    await waitFor(() => expect(answers.early).toBeDefined(), FOUND);
    type(area, "late");
    await waitFor(() => expect(answers.late).toBeDefined(), FOUND);
    answers.late?.(GOOD);
    answers.early?.(BAD);
    await screen.findByText("valid", undefined, FOUND);
    expect(screen.queryByText("2 errors")).toBeNull();
    studio.unmount();
  });

  it("goes to a job's line when its node is clicked", async () => {
    open();
    const area = await field();
    await waitFor(() => expect(document.querySelector("[data-node=b]")).toBeTruthy(), FOUND);
    fireEvent.click(document.querySelector("[data-node=b]") as Element);
    expect(area.selectionStart).toBe(TEXT.indexOf("  b:"));
  });

  it("says that it loads, and what failed", async () => {
    const studio = open({ [SOURCE]: PENDING });
    await screen.findByText("Loading .loom.yml …", undefined, FOUND);
    studio.unmount();
    open({ [SOURCE]: new Problem(404, "there is no workflow") });
    await screen.findByText("there is no workflow", undefined, FOUND);
  });

  it("says when the text cannot be checked, and checks again when asked", async () => {
    const studio = open({ [CHECK]: new Problem(503, "the studio is about to end") });
    await screen.findByText("the studio is about to end", undefined, FOUND);
    studio.answers[CHECK] = GOOD;
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByText("valid", undefined, FOUND);
  });

  it("begins a new file where none is named", async () => {
    openStudio("/workflows/edit", { [CHECK]: GOOD });
    expect((await field()).value).toContain("echo hello");
    screen.getByRole("heading", { level: 1, name: "New workflow" });
  });

  it("is reached from a workflow", async () => {
    const studio = openStudio("/workflows", {
      "/api/workflows": [{ name: "ci", file: ".loom.yml", state: "idle" }],
      [SOURCE]: { file: ".loom.yml", text: TEXT },
      [CHECK]: GOOD,
    });
    fireEvent.click(await screen.findByRole("link", { name: "Edit ci" }, FOUND));
    await field();
    expect(studio.router.state.location.pathname).toBe("/workflows/edit");
  });

  it("asks before a changed text is left", async () => {
    const asked = vi.fn(() => false);
    vi.stubGlobal("confirm", asked);
    const studio = open();
    type(await field(), "jobs: {}\n");
    fireEvent.click(screen.getByRole("link", { name: "Runs" }));
    await waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
    expect(studio.router.state.location.pathname).toBe("/workflows/edit");
  });
});

import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { takesText } from "../lib/shortcuts";
import { openStudio } from "../test-studio";

const FOUND = { timeout: 8000 };

afterEach(() => {
  vi.unstubAllGlobals();
  window.localStorage.clear();
});

/** Pressed where the keyboard is. */
const press = (key: string, held = {}) => fireEvent.keyDown(document.activeElement ?? document.body, { key, ...held });

const SECTIONS = [
  ...["workflows", "runs", "logs"].map((id) => ({ id, title: id, path: `/${id}` })),
  { id: "reports", title: "Reports", path: "/reports" },
];

const opened = async (path = "/workflows", answers = {}) => {
  const studio = openStudio(path, { "/api/ui": { sections: SECTIONS }, ...answers });
  await screen.findByRole("link", { name: "Reports" }, FOUND);
  await screen.findByRole("heading", { level: 1 }, FOUND);
  return studio;
};

describe("shortcuts", () => {
  it("go to every section", async () => {
    const { router } = await opened();
    for (const [letter, path] of Object.entries({
      o: "/",
      r: "/runs",
      a: "/actors",
      m: "/map",
      e: "/trends",
      n: "/warnings",
      l: "/logs",
      w: "/workflows",
    })) {
      press("g");
      press(letter);
      await waitFor(() => expect(router.state.location.pathname).toBe(path), FOUND);
    }
  });

  it("mean nothing while one types", async () => {
    const { router } = await opened("/actors");
    press("/");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Filter");
    for (const key of ["g", "w", "?", "j"]) press(key);
    press("k", { ctrlKey: true });
    expect(router.state.location.pathname).toBe("/actors");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("are all shown by a question mark, those of a product's section too, and can be switched off", async () => {
    const { router } = await opened();
    press("?");
    const dialog = await screen.findByRole("dialog", { name: "Shortcuts" }, FOUND);
    for (const name of ["Overview", "Runs", "Workflows", "Actors", "Map", "Logs", "Reports"]) {
      expect(within(dialog).getByText(name)).toBeTruthy();
    }
    expect(within(dialog).getByText("Reports").previousSibling?.textContent).toBe("g then p");
    fireEvent.click(within(dialog).getByRole("checkbox"));
    fireEvent.click(within(dialog).getByRole("button", { name: "Close the shortcuts" }));
    press("g");
    press("a");
    press("?");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(router.state.location.pathname).toBe("/workflows");
    // The button is still there, for those who want them back.
    fireEvent.click(screen.getByRole("button", { name: "Shortcuts (?)" }));
    fireEvent.click(within(await screen.findByRole("dialog")).getByRole("checkbox"));
  });

  it("open a search over pages, actors, runs and workflows", async () => {
    const run = { runId: "r-77", workflow: { name: "nightly", file: "n.loom.yml" }, state: "failure" };
    const { router, queries } = await opened("/workflows", {
      "/api/v1/runs": { items: [run], next: null, total: 1 },
      "/api/workflows": [{ name: "nightly", file: "n.loom.yml", state: "idle" }],
      "/api/v1/actors": { items: [{ id: "cart-1", type: "Cart", status: "idle" }], next: null, total: 1 },
    });
    press("k", { metaKey: true });
    const field = await screen.findByRole("combobox", { name: /^Search/ }, FOUND);
    fireEvent.change(field, { target: { value: "cart" } });
    await waitFor(() => expect(queries).toContain("filter=-is%3Asystem&limit=6&q=cart"), FOUND);
    await screen.findByRole("option", { name: /cart-1/ });
    fireEvent.change(field, { target: { value: "nightly fail" } });
    const option = await screen.findByRole("option", { name: /nightly.*r-77/ }, FOUND);
    await waitFor(() => expect(screen.queryByRole("option", { name: /n\.loom\.yml/ })).toBeNull());
    fireEvent.keyDown(field, { key: "ArrowDown" });
    fireEvent.keyDown(field, { key: "ArrowDown" });
    fireEvent.click(option);
    await waitFor(() => expect(router.state.location.pathname).toBe("/runs/r-77"), FOUND);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("search where the page has no filter", async () => {
    await opened("/workflows");
    press("/");
    await screen.findByRole("dialog", { name: "Search" }, FOUND);
  });
});

describe("a field", () => {
  it("takes letters as text", () => {
    const made = (html: string) => {
      document.body.innerHTML = html;
      return [...document.querySelectorAll(".at")].map(takesText);
    };
    const fields = made(
      "<input class=at><textarea class=at></textarea><select class=at></select>" +
        "<div contenteditable><b class=at></b></div><div role=combobox class=at></div>",
    );
    expect(fields).toEqual([true, true, true, true, true]);
    expect(made("<input type=checkbox class=at><button class=at></button><a class=at href='/'></a>")).toEqual([
      false,
      false,
      false,
    ]);
    expect(takesText(null)).toBe(false);
    document.body.innerHTML = "";
  });
});

import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { isOver, stateLook } from "./state-look";
import { StateWord } from "./state-word";

const RUNS = ["queued", "waiting", "running", "success", "failure", "cancelled", "skipped", "lost"];
const ACTORS = ["starting", "idle", "active", "waiting", "paused", "stopping", "stopped", "failed", "stale"];

describe("StateWord", () => {
  it("says the word, whatever it is", () => {
    render(<StateWord state="dozing" />);
    expect(screen.getByText("dozing")).toBeTruthy();
  });

  it("still says the word where only the icon is drawn", () => {
    render(<StateWord state="failure" iconOnly />);
    expect(screen.getByText("failure").className).toBe("visually-hidden");
  });

  it("shows an unknown state as unknown", () => {
    const { container } = render(<StateWord state={undefined} />);
    expect(container.textContent).toBe("–");
  });
});

describe("stateLook", () => {
  it("tells the states of one thing apart without colour", () => {
    for (const words of [RUNS, ["idle", "active", "paused", "failed", "stale", "waiting", "starting"]]) {
      expect(new Set(words.map((word) => stateLook(word).icon)).size).toBe(words.length);
    }
  });

  it("knows every state of the design and takes none from Object", () => {
    for (const word of [...RUNS, ...ACTORS]) expect(stateLook(word)).not.toBe(stateLook("dozing"));
    expect(stateLook("constructor")).toBe(stateLook("dozing"));
  });

  it("knows which states are final", () => {
    expect(RUNS.filter(isOver)).toEqual(["success", "failure", "cancelled", "skipped", "lost"]);
  });
});

/** Workspaces, as a whole page. */

import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as workspaces from "../api/workspace";
import { openStudio } from "../test-studio";

const FOUND = { timeout: 8000 };
const WANTED = { required: true, signedIn: false };
const OF_TWO = { required: true, signedIn: true, name: "carla", role: "view", workspaces: ["shop", "bank"] };

beforeEach(() => {
  vi.spyOn(workspaces, "openWorkspace").mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What was named in the requests for a path. */
function named(studio: ReturnType<typeof openStudio>, path: string): (string | undefined)[] {
  return studio.asked.flatMap((one, place) => (one === path ? [studio.headers[place]?.["loom-workspace"]] : []));
}

describe("workspaces", () => {
  it("stand nowhere where there is one alone", async () => {
    const studio = openStudio("/types");
    await screen.findByText("actors", undefined, FOUND);
    expect(screen.queryByLabelText("Workspace")).toBeNull();
    expect(document.body.textContent).not.toContain("orkspace");
    expect(studio.router.latestLocation.href).toBe("/types");
    await waitFor(() => expect(named(studio, "/api/types")).toEqual([undefined]));
  });

  it("are asked about by name, by calls, socket and links, wherever one goes", async () => {
    const recording = {
      recording: true,
      stretch: { from: "2025-12-13T03:24:00.000Z", to: "2025-12-13T03:34:00.000Z" },
    };
    const rest = { holes: [], cutShort: false, bytes: 1, mostBytes: 2 };
    const studio = openStudio("/types?workspace=bank", {
      "/api/session": { ...OF_TWO, workspace: "bank" },
      "/api/recording": { ...recording, ...rest },
    });
    const choice = (await screen.findByLabelText("Workspace", undefined, FOUND)) as HTMLSelectElement;
    expect(choice.value).toBe("bank");
    await waitFor(() => expect(named(studio, "/api/types")).toEqual(["bank"]));
    expect(new Set(studio.headers.map((headers) => headers["loom-workspace"]))).toEqual(new Set(["bank"]));
    expect(studio.addresses[0]).toContain("workspace=bank");
    const link = await screen.findByRole("link", { name: "Download" }, FOUND);
    expect(link.getAttribute("href")).toBe("/api/recording/file?workspace=bank");
    for (const name of ["Map", "Metrics", "Actors", "Overview"]) {
      fireEvent.click(screen.getByRole("link", { name }));
      await waitFor(() => expect(screen.getByRole("link", { name }).getAttribute("data-here")).toBe("true"));
      expect(studio.router.latestLocation.searchStr).toContain("workspace=bank");
    }
  });

  it("are opened from the start when another is chosen", async () => {
    openStudio("/types?workspace=bank", { "/api/session": { ...OF_TWO, workspace: "bank" } });
    fireEvent.change(await screen.findByLabelText("Workspace", undefined, FOUND), { target: { value: "shop" } });
    expect(workspaces.openWorkspace).toHaveBeenCalledWith("shop");
    expect(workspaces.workspaceAddress("shop")).toBe("/?workspace=shop");
  });

  it("come into an address that names none, so that it is the same for whoever gets it", async () => {
    for (const session of [
      { ...OF_TWO, workspace: "shop" },
      { ...OF_TWO, workspace: "shop", workspaces: ["shop"] },
    ]) {
      const studio = openStudio("/actors?q=till", { "/api/session": session });
      await waitFor(() => expect(studio.router.latestLocation.searchStr).toContain("workspace=shop"), FOUND);
      expect(studio.router.latestLocation.searchStr).toContain("q=till");
      expect(workspaces.getWorkspace()).toBe("shop");
      studio.unmount();
    }
  });

  it("that one may not see are said to be none, with those that one may", async () => {
    const studio = openStudio("/types?workspace=vault", { "/api/session": OF_TWO });
    await screen.findByRole("heading", { name: "There is no workspace “vault” here for you." }, FOUND);
    const links = screen.getAllByRole("link").map((link) => link.getAttribute("href"));
    expect(links).toEqual(["/?workspace=shop", "/?workspace=bank"]);
    expect(studio.asked).toEqual(["/api/session"]);
    expect(studio.sockets()).toBe(0);
    expect(screen.getByRole("button", { name: "Sign out" })).toBeTruthy();
  });

  it("are known once one has signed in", async () => {
    const known = { ...OF_TWO, workspace: "shop" };
    openStudio("/types", { "/api/session": WANTED, "POST /api/session": known });
    fireEvent.change(await screen.findByLabelText("Token", undefined, FOUND), { target: { value: "x" } });
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(((await screen.findByLabelText("Workspace", undefined, FOUND)) as HTMLSelectElement).value).toBe("shop");
  });

  it("may have names that look like numbers or like nothing", () => {
    for (const [value, name] of [
      ["9", "9"],
      ['"9"', "9"],
      [9, "9"],
      ["", undefined],
      [null, undefined],
      [undefined, undefined],
    ]) {
      expect(workspaces.readWorkspace(value)).toBe(name);
    }
    workspaces.setWorkspace("ä\n");
    expect(workspaces.workspaceHeader()).toEqual({ "loom-workspace": "%C3%A4%0A" });
    workspaces.setWorkspace(undefined);
  });
});

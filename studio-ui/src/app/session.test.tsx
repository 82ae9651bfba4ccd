import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openStudio, PENDING, Problem } from "../test-studio";

const FOUND = { timeout: 8000 };
const WANTED = { required: true, signedIn: false };
const KNOWN = { required: true, signedIn: true };
const WRONG = new Problem(401, "this is not the token of this studio (STUDIO_TOKEN)");

afterEach(() => vi.unstubAllGlobals());

async function enter(token: string): Promise<void> {
  fireEvent.change(await screen.findByLabelText("Token", undefined, FOUND), { target: { value: token } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("signing in", () => {
  it("asks for the token before anything else is asked, and says where the token comes from", async () => {
    const studio = openStudio("/runs", { "/api/session": WANTED });
    await screen.findByLabelText("Token", undefined, FOUND);
    expect(screen.getByText("STUDIO_TOKEN")).toBeTruthy();
    expect(studio.asked).toEqual(["/api/session"]);
    expect(studio.sockets()).toBe(0);
  });

  it("sends the token once and goes on to the page that was asked for", async () => {
    const studio = openStudio("/runs", { "/api/session": WANTED, "POST /api/session": KNOWN });
    await enter(" secret ");
    await screen.findByText("Nothing has run yet.", undefined, FOUND);
    expect(studio.sent[studio.asked.indexOf("POST /api/session")]).toBe('{"token":"secret"}');
    expect(studio.asked.filter((path) => path.startsWith("POST"))).toHaveLength(1);
    expect(studio.router.state.location.pathname).toBe("/runs");
    await waitFor(() => expect(studio.sockets()).toBe(1));
  });

  it("says that a token is wrong, and takes another", async () => {
    const studio = openStudio("/runs", { "/api/session": WANTED, "POST /api/session": WRONG });
    await enter("wrong");
    expect((await screen.findByRole("alert")).textContent).toBe("This is not the token of this studio.");
    studio.answers["POST /api/session"] = KNOWN;
    await enter("right");
    await screen.findByText("Nothing has run yet.", undefined, FOUND);
  });

  it("waits as long as the studio asks after too many wrong tokens", async () => {
    const refused = new Problem(429, "too many", { "retry-after": "30" });
    const studio = openStudio("/runs", { "/api/session": WANTED, "POST /api/session": refused });
    await enter("wrong");
    expect((await screen.findByRole("alert")).textContent).toContain("Too many wrong tokens");
    const button = screen.getByRole("button", { name: /^Sign in \(in \d+ s\)$/ });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    fireEvent.click(button);
    fireEvent.submit(button);
    expect(studio.asked.filter((path) => path === "POST /api/session")).toHaveLength(1);
  });

  it("asks again when an answer says that the session has ended, and comes back to the same page", async () => {
    const studio = openStudio("/actors", { "/api/session": KNOWN });
    const workflows = await screen.findByRole("link", { name: "Workflows" }, FOUND);
    Object.assign(studio.answers, { "/api/session": WANTED, "/api/workflows": WRONG, "POST /api/session": KNOWN });
    fireEvent.click(workflows);
    await screen.findByText(/session has ended/, undefined, FOUND);
    studio.answers["/api/workflows"] = [];
    await enter("right");
    await screen.findByText("There is no workflow here yet.", undefined, FOUND);
  });

  it("asks again when the socket is not let in any more", async () => {
    const studio = openStudio("/runs", { "/api/session": KNOWN });
    await screen.findByText("Nothing has run yet.", undefined, FOUND);
    studio.answers["/api/session"] = WANTED;
    await studio.hangUp();
    await screen.findByLabelText("Token", undefined, FOUND);
  });

  it("ends the session, and shows nothing that was read in it", async () => {
    const studio = openStudio("/runs", { "/api/session": KNOWN, "DELETE /api/session": "" });
    fireEvent.click(await screen.findByRole("button", { name: "Sign out" }, FOUND));
    await screen.findByLabelText("Token", undefined, FOUND);
    expect(studio.asked).toContain("DELETE /api/session");
    expect(screen.queryByText(/session has ended/)).toBeNull();
    // What comes back has to be asked for anew.
    Object.assign(studio.answers, { "POST /api/session": KNOWN, "/api/runs": PENDING });
    await enter("right");
    await screen.findByText("Loading runs …", undefined, FOUND);
  });

  it("stays open where the studio cannot be asked, while it is asked again", async () => {
    const studio = openStudio("/runs", { "/api/session": new Problem(503, "the studio is starting") });
    await screen.findByText("Nothing has run yet.", undefined, FOUND);
    const asked = () => studio.asked.filter((path) => path === "/api/session").length;
    const before = asked();
    studio.answers["/api/session"] = PENDING;
    await studio.hangUp();
    await waitFor(() => expect(asked()).toBeGreaterThan(before));
    // Begun anew it would open its line at once, over and over, whatever the line's patience is.
    screen.getByText("Nothing has run yet.");
    expect(studio.sockets()).toBe(1);
  });

  it("opens at once where no token is wanted, and offers no way out", async () => {
    openStudio("/runs");
    await screen.findByText("Nothing has run yet.", undefined, FOUND);
    expect(screen.queryByRole("button", { name: "Sign out" })).toBeNull();
  });
});

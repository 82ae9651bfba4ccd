import { MantineProvider } from "@mantine/core";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  type RouterHistory,
  RouterProvider,
} from "@tanstack/react-router";
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { CopyLink } from "./copy-link";

const HERE = window.location.origin;

afterEach(() => {
  Reflect.deleteProperty(navigator, "clipboard");
  Reflect.deleteProperty(document, "execCommand");
});

function open(link: React.ReactNode, history: RouterHistory = createMemoryHistory({ initialEntries: ["/loom/"] })) {
  const root = createRootRoute({ component: () => <MantineProvider>{link}</MantineProvider> });
  const children = ["/", "/runs/$runId"].map((path) => createRoute({ getParentRoute: () => root, path }));
  render(
    <RouterProvider router={createRouter({ routeTree: root.addChildren(children), basepath: "/loom", history })} />,
  );
}

/** A clipboard as pages on this host and over HTTPS have it. */
function clipboard() {
  const writeText = vi.fn(async (_: string) => {});
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText } });
  return writeText;
}

it("copies the whole address of a run, under the path of the studio", async () => {
  const written = clipboard();
  open(<CopyLink run="r 1" />);
  fireEvent.click(await screen.findByRole("button", { name: "Copy link to this run" }));
  expect((await screen.findByRole("button", { name: "Copied: link to this run" })).textContent).toBe("Copied");
  expect(screen.getByRole("status").textContent).toBe("Copied");
  expect(written.mock.calls).toEqual([[`${HERE}/loom/runs/r%201`]]);
});

it("copies the lines of the attempt that wrote them", async () => {
  const written = clipboard();
  open(<CopyLink run="r" job={{ id: "a&b#1", name: "a" }} attempt={2} lines={{ first: 12, last: 30 }} />);
  fireEvent.click(await screen.findByRole("button", { name: "Copy link to lines 12 to 30 of a" }));
  await screen.findByText("Copied", { selector: "button *" });
  const address = new URL(written.mock.calls[0]?.[0] ?? "");
  expect(address.origin + address.pathname).toBe(`${HERE}/loom/runs/r`);
  expect(Object.fromEntries(address.searchParams)).toEqual({ job: "a&b#1", attempt: "2", line: "12-30" });
});

it("copies without a clipboard for pages, and says where it cannot", async () => {
  let selected: string | undefined;
  const copy = vi.fn(() => {
    const field = document.activeElement as HTMLTextAreaElement;
    selected = field.value;
    return true;
  });
  Object.defineProperty(document, "execCommand", { configurable: true, value: copy });
  open(<CopyLink run="r" job={{ id: "a", name: "a" }} attempt={1} />);
  const button = await screen.findByRole("button", { name: "Copy link to a" });
  button.focus();
  fireEvent.click(button);
  await screen.findByRole("button", { name: "Copied: link to a" });
  expect(selected).toBe(`${HERE}/loom/runs/r?job=a`);
  expect(document.querySelector("textarea")).toBeNull();
  expect(document.activeElement).toBe(button);
  copy.mockReturnValue(false);
  fireEvent.click(button);
  await screen.findByRole("button", { name: "Not copied: link to a" });
});

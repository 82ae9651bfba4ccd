import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { CopyButton } from "./copy-button";

afterEach(() => {
  Reflect.deleteProperty(navigator, "clipboard");
  Reflect.deleteProperty(document, "execCommand");
});

it("says what became of it, and tells only of what is in the clipboard", async () => {
  const taken = vi.fn();
  render(
    <MantineProvider>
      <CopyButton text={() => "on: push"} onCopied={taken} />
    </MantineProvider>,
  );
  // Over plain HTTP pages have no clipboard, and a browser may refuse the older way as well.
  Object.defineProperty(document, "execCommand", { configurable: true, value: () => false });
  fireEvent.click(screen.getByRole("button", { name: "Copy" }));
  await screen.findByRole("button", { name: "Not copied" });
  expect(taken).not.toHaveBeenCalled();
  const writeText = vi.fn(async (_: string) => {});
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText } });
  fireEvent.click(screen.getByRole("button", { name: "Not copied" }));
  await screen.findByRole("button", { name: "Copied" });
  expect(writeText).toHaveBeenCalledWith("on: push");
  expect(taken).toHaveBeenCalledTimes(1);
});

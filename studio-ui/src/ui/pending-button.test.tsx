import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { PendingButton } from "./pending-button";

it("keeps the keyboard while it waits, and counts no second press", () => {
  const [click, submit] = [vi.fn(), vi.fn((event: Event) => event.preventDefault())];
  const shown = (pending: boolean) => (
    <MantineProvider>
      <form onSubmit={(event) => submit(event.nativeEvent)}>
        <PendingButton type="submit" pending={pending} onClick={click}>
          Send
        </PendingButton>
      </form>
    </MantineProvider>
  );
  const { rerender } = render(shown(false));
  const button = screen.getByRole("button", { name: "Send" });
  button.focus();
  fireEvent.click(button);
  rerender(shown(true));
  fireEvent.click(button);
  expect(document.activeElement).toBe(button);
  expect(button.getAttribute("aria-disabled")).toBe("true");
  expect([click.mock.calls.length, submit.mock.calls.length]).toEqual([1, 1]);
  rerender(shown(false));
  fireEvent.click(button);
  expect([click.mock.calls.length, submit.mock.calls.length]).toEqual([2, 2]);
});

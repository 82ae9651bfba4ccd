import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { JobGraph } from "./job-graph";

it("is a picture with its buttons, and no words but those of jobs", () => {
  render(
    <MantineProvider>
      <JobGraph nodes={[{ id: "a", name: "a", needs: [], detail: "1 s" }]} selected={new Set()} onSelect={() => {}} />
    </MantineProvider>,
  );
  expect(screen.getByRole("button", { name: "Fit View" })).toBeTruthy();
  expect(screen.queryByText("React Flow")).toBeNull();
});

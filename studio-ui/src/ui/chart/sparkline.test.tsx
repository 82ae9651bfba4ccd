import { render } from "@testing-library/react";
import { expect, it } from "vitest";
import type { RateLine } from "../../api/inside";
import { Sparkline } from "./sparkline";

function line(rate: RateLine["rate"], step = 2000): RateLine {
  return { step, from: "2025-12-13T03:33:58.000Z", rate };
}

function shown(of: RateLine | undefined) {
  return render(<Sparkline line={of} />).container.firstElementChild;
}

it("draws what passed with gaps where nobody was heard, and says it in words", () => {
  const picture = shown(line([null, ...Array(14).fill(2), null, ...Array(14).fill(8)]));
  expect(picture?.querySelectorAll("path")).toHaveLength(2);
  expect(picture?.getAttribute("role")).toBe("img");
  expect(picture?.getAttribute("aria-label")).toBe("In the last minute at most 8/s, last 8/s");
  expect(shown(line(Array(30).fill(1), 20_000))?.getAttribute("aria-label")).toContain("the last 10 minutes");
});

it("tells nothing measured from nothing handled", () => {
  expect(shown(line([null, null]))?.getAttribute("aria-label")).toBe("Nothing was measured in the last minute");
  expect(shown(line([0, 0]))?.getAttribute("aria-label")).toBe("No messages in the last minute");
});

it("has its room before anything is known", () => {
  const [before, after] = [shown(undefined), shown(line([1]))];
  expect(before?.tagName).toBe(after?.tagName);
  expect(before?.getAttribute("class")).toBe(after?.getAttribute("class"));
  expect(before?.textContent).toBe("");
});

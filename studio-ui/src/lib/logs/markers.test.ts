import { describe, expect, it } from "vitest";
import { parseMarker } from "./markers";

describe("parseMarker", () => {
  it.each([
    ["##[error]no such file", "error", "no such file"],
    ["##[warning]old", "warning", "old"],
    ["##[notice]ok", "notice", "ok"],
    ["##[debug]x=1", "debug", "x=1"],
    ["##[group]Install", "group", "Install"],
    ["##[endgroup]", "endgroup", ""],
    ["##[error]##[error]twice", "error", "##[error]twice"],
    ["##[section]x", undefined, "##[section]x"],
    ["##[error", undefined, "##[error"],
    [" ##[error]x", undefined, " ##[error]x"],
    ["plain", undefined, "plain"],
    ["##[constructor]x", undefined, "##[constructor]x"],
  ])("reads %s", (message, marker, text) => expect(parseMarker(message)).toEqual({ marker, text }));
});

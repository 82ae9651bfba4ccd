import { expect, it } from "vitest";
import type { ActorRecord } from "../../../api/types";
import { carrierOf } from "./carrier";

const actor = (id: string, metadata: object, status = "active") => ({ id, type: "T", status, metadata }) as ActorRecord;

const ACTORS = [
  actor("run-1", { run: "1", workflow: "w" }),
  actor("job-1-a", { run: "1", job: "a" }, "stopped"),
  actor("job-1-a@2", { run: "1", job: "a" }),
  actor("job-1-ab", { run: "1", job: "ab" }, "stopped"),
  actor("job-1-ab@2", { run: "1", job: "ab" }, "failed"),
  actor("tells of 1", { note: "1 a" }),
];

it("an actor carries out what its metadata says, a run or a job of it, and nothing that only looks like it", () => {
  expect(carrierOf(ACTORS, "1")?.id).toBe("run-1");
  expect(carrierOf(ACTORS, "1", "a")?.id).toBe("job-1-a@2");
  expect(carrierOf(ACTORS, "2")).toBeUndefined();
  expect(carrierOf(ACTORS, "1", "b")).toBeUndefined();
  expect(carrierOf([], "1")).toBeUndefined();
});

it("of those that have ended the newest is known, for as long as the studio knows it", () => {
  expect(carrierOf(ACTORS, "1", "ab")?.id).toBe("job-1-ab@2");
});

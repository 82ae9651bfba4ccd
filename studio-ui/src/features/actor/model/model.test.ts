import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../../api/inside";
import { leversOf } from "../../../ui/levers";
import { bodyOf, fieldsOf } from "./schema-form";

describe("levers", () => {
  const actor = { id: "a", type: "T", status: "active", queueDepth: 12 };

  it("are those that the actor takes, in one order, and as they make sense now", () => {
    const controls = { orders: ["kill", "snapshot", "step", "resume", "pause", "message", "teleport"] };
    expect(leversOf({ ...actor, controls }).map(({ order }) => order)).toEqual(["message", "pause", "kill"]);
    expect(leversOf({ ...actor, status: "paused", controls }).map(({ order }) => order)).toEqual([
      "message",
      "resume",
      "step",
      "kill",
    ]);
    expect(leversOf(actor)).toEqual([]);
  });

  it("say what becomes of what waits, and ask before what nothing brings back", () => {
    const [restart, stop, kill] = leversOf({ ...actor, controls: { orders: ["stop", "kill", "restart"] } });
    expect([restart?.way, stop?.way, kill?.way]).toEqual(["question", "question", "question"]);
    expect(kill?.says).toContain("What waits is lost (12 messages)");
  });
});

const ADD: JsonSchema = {
  type: "object",
  properties: {
    by: { type: "integer", description: "how much" },
    note: { type: ["string", "null"] },
    mode: { enum: ["slow", "fast"], default: "slow" },
    loud: { type: "boolean" },
    tags: { type: "array" },
  },
  required: ["by"],
};

describe("the form of a message", () => {
  it("has a field for each property", () => {
    expect(fieldsOf(ADD).map(({ name, kind, required, initial }) => [name, kind, required, initial])).toEqual([
      ["by", "integer", true, ""],
      ["note", "text", false, ""],
      ["mode", "choice", false, "slow"],
      ["loud", "boolean", false, "false"],
      ["tags", "json", false, ""],
    ]);
  });

  it("reads what was filled in, and leaves out what was not", () => {
    expect(bodyOf(fieldsOf(ADD), { by: "2", tags: "[1]" })).toEqual({
      body: { by: 2, mode: "slow", loud: false, tags: [1] },
    });
  });

  it("says what is wrong with which field", () => {
    const fields = fieldsOf(ADD);
    expect(bodyOf(fields, { by: "", tags: "[" })).toEqual({ problems: { by: "is needed", tags: "is no JSON" } });
    expect(bodyOf(fields, { by: "two" })).toEqual({ problems: { by: "is no number" } });
    expect(bodyOf(fields, { by: "1.5" })).toEqual({ problems: { by: "has to be a whole number" } });
  });

  it("is one text where the schema names no properties, and may stay empty where nothing is needed", () => {
    for (const schema of [undefined, { type: "null" }, { type: "object" }]) {
      expect(bodyOf(fieldsOf(schema), {})).toEqual({ body: undefined });
    }
    expect(bodyOf(fieldsOf({ type: "integer" }), { "": "3" })).toEqual({ body: 3 });
    expect(bodyOf(fieldsOf({ type: "integer" }), {})).toEqual({ problems: { "": "is needed" } });
  });
});

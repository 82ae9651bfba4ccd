import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { startWorkflow } from "../../api/queries";
import { type Orders, useOrders } from "../../lib/use-orders";
import type { Filled } from "./inputs";

export type Start = Omit<Orders, "give"> & {
  /** Starts the workflow of a handle, with what it was given where it takes something. */
  give: (handle: string, given?: Filled) => void;
};

/** Starting workflows by hand, from wherever they are listed: the page goes on to the run, or has what refused it. */
export function useStart(): Start {
  const navigate = useNavigate();
  // What goes with the order that is given next.
  const [inputs] = useState(() => new Map<string, Filled>());
  const { pending, refused, give } = useOrders(
    (handle) => startWorkflow(handle, inputs.get(handle)),
    ({ runId }) => navigate({ to: "/runs/$runId", params: { runId } }),
  );
  return {
    pending,
    refused,
    give: (handle, given) => {
      if (pending.has(handle)) return;
      if (given === undefined) inputs.delete(handle);
      else inputs.set(handle, given);
      give(handle);
    },
  };
}

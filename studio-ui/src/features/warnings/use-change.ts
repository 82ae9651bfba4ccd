import { useMutation, useQueryClient } from "@tanstack/react-query";
import { warningKeys } from "../../api/warnings";

/** Changes something of the warnings; what is shown of them is asked for again before it counts as done. */
export function useChange<A, T>(change: (what: A) => Promise<T>, onDone?: (answer: T, what: A) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (what: A) => {
      const answer = await change(what);
      await client.invalidateQueries({ queryKey: warningKeys.all });
      return answer;
    },
    onSuccess: (answer, what) => onDone?.(answer, what),
  });
}

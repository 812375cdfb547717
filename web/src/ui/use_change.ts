import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "./toast";

/** A change: afterwards all that is shown is asked for anew, and `said` is said in passing. */
export function useChange<Asked, Answer>(
  change: (asked: Asked) => Promise<Answer>,
  after: { said?: string; then?: (answer: Answer) => void } = {},
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (answer) => {
      after.then?.(answer);
      if (after.said) toast(after.said);
      await queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    },
  });
}

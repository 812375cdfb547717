import { useQuery } from "@tanstack/react-query";
import { readState } from "../api/auth";
import { passkeyProblem } from "../api/passkeys";

/** Why there are no passkeys here; null: there are; undefined: not known yet. */
export function usePasskeyProblem() {
  const state = useQuery({ queryKey: ["auth-state"], queryFn: readState });
  if (!state.data) return undefined;
  return passkeyProblem(state.data.public_origin, location, "PublicKeyCredential" in window);
}

import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";
import { readState } from "../api/auth";
import { offeredPasskey, passkeyProblem, type PasskeyAnswer } from "../api/passkeys";

/** Why there are no passkeys here; null: there are; undefined: not known yet. */
export function usePasskeyProblem() {
  const state = useQuery({ queryKey: ["auth-state"], queryFn: readState });
  if (!state.data) return undefined;
  return passkeyProblem(state.data.public_origin, location, "PublicKeyCredential" in window);
}

/**
 * Passkeys among what the browser fills in while `isWanted`. Returns what ends it: a browser answers
 * one question at a time.
 */
export function useOfferedPasskey(isWanted: boolean, onChosen: (answer: PasskeyAnswer) => void) {
  const ending = useRef<AbortController>(null);
  const choose = useEffectEvent(onChosen);
  useEffect(() => {
    if (!isWanted) return;
    const controller = new AbortController();
    ending.current = controller;
    void offeredPasskey(controller.signal).then((answer) => {
      if (answer && !controller.signal.aborted) choose(answer);
    });
    return () => controller.abort();
  }, [isWanted]);
  return () => ending.current?.abort();
}

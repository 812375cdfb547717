import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, type ReactNode } from "react";
import { readSession, type Session, type SessionTeam } from "../api/auth";
import { ApiError, caller } from "../api/client";
import { may } from "./permissions";

const TEAM_REMEMBERED = "keywarden.team";

/** The session, or null where nobody is signed in. */
export function useSessionQuery() {
  const queries = useQueryClient();
  return useQuery<Session | null>({
    queryKey: ["session"],
    staleTime: 60_000,
    retry: 1,
    queryFn: async () => {
      try {
        const session = await readSession();
        caller.csrf = session.csrf_token;
        caller.whenSignedOut = () => queries.setQueryData(["session"], null);
        return session;
      } catch (error) {
        if (error instanceof ApiError && error.code === "session_required") return null;
        throw error;
      }
    },
  });
}

/** Everything that was asked for somebody else, or for another team, is forgotten. */
export function useEnter() {
  const queries = useQueryClient();
  return (session: Session | null) => {
    caller.csrf = session?.csrf_token ?? null;
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    queries.setQueryData(["session"], session);
    if (session) caller.whenSignedOut = () => queries.setQueryData(["session"], null);
  };
}

export interface Here {
  session: Session;
  team: SessionTeam | null;
  setTeam: (team: ChosenTeam) => void;
}

const HereContext = createContext<Here | null>(null);

/** Who is signed in, and which team they look at. Only inside of the shell. */
export function useHere(): Here {
  const here = useContext(HereContext);
  if (!here) throw new Error("outside of the shell");
  return here;
}

export function HereProvider(props: { here: Here; children: ReactNode }) {
  return <HereContext value={props.here}>{props.children}</HereContext>;
}

export interface ChosenTeam {
  id: string;
  name: string;
}

/** The team that was looked at last; an operator's may be one that they are no member of. */
export function rememberedTeam(): ChosenTeam | null {
  const [id, name] = (localStorage.getItem(TEAM_REMEMBERED) ?? "").split(" ", 2);
  return id ? { id, name: decodeURIComponent(name ?? id) } : null;
}

export const rememberTeam = (team: ChosenTeam) =>
  localStorage.setItem(TEAM_REMEMBERED, `${team.id} ${encodeURIComponent(team.name)}`);

/** What one may do in the team: "keys.write" on everything, or on what one made oneself. */
export function useMay() {
  const { session, team } = useHere();
  return (permission: string | null, owner?: string | null) =>
    may(session, team, permission, owner);
}

import { Outlet } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Session, SessionTeam } from "../api/auth";
import { caller } from "../api/client";
import { SignIn } from "../features/sign_in/sign_in";
import { Failure } from "../ui/async";
import { Front } from "../ui/front";
import {
  HereProvider,
  rememberTeam,
  rememberedTeam,
  useSessionQuery,
  type ChosenTeam,
} from "./session";
import { Shell } from "./shell";

/** Who is not signed in signs in here, and then finds the page that they asked for. */
export function Gate() {
  const query = useSessionQuery();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(rememberedTeam);
  if (query.isPending) return <div aria-busy="true" />;
  if (query.isError) {
    return (
      <Front title="Keywarden">
        <Failure error={query.error} again={() => void query.refetch()} />
      </Front>
    );
  }
  const session = query.data;
  if (!session) return <SignIn />;

  const team = teamOf(session, chosen);
  caller.team = team?.id ?? null;
  const setTeam = (next: ChosenTeam) => {
    rememberTeam(next);
    caller.team = next.id;
    queries.removeQueries({ predicate: (one) => one.queryKey[0] !== "session" });
    setChosen(next);
  };
  return (
    <HereProvider here={{ session, team, setTeam }}>
      <Shell key={team?.id}>
        <Outlet />
      </Shell>
    </HereProvider>
  );
}

/** The chosen team, if one may act in it; else the first of one's own. */
function teamOf(session: Session, chosen: ChosenTeam | null): SessionTeam | null {
  const own = session.teams.find((team) => team.id === chosen?.id);
  if (own) return own;
  if (chosen && session.user.is_operator) return { ...chosen, role: "owner", permissions: [] };
  return session.teams[0] ?? null;
}

import type { Session, SessionTeam } from "../api/auth";

/** Whether somebody may do this in a team: on everything, or on what is `owner`'s. */
export function may(
  session: Session,
  team: SessionTeam | null,
  permission: string | null,
  owner?: string | null,
): boolean {
  if (permission === null) return true;
  if (permission === "operator" || session.user.is_operator) return session.user.is_operator;
  const held = team?.permissions ?? [];
  if (held.includes(permission)) return true;
  if (!held.includes(`${permission}:own`)) return false;
  return owner === undefined || owner === session.user.id;
}

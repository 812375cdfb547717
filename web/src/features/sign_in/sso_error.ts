import { t } from "../../text/en";

export type SsoCode = keyof typeof t.sso.errors;

export const isSsoCode = (code: string): code is SsoCode => Object.hasOwn(t.sso.errors, code);

/** What the address says went wrong. Anybody may have written it: only what looks as ours is shown. */
export function ssoErrorOf(search: string): { code: string; request: string | null } | null {
  const said = new URLSearchParams(search);
  const code = said.get("sso");
  if (!code) return null;
  const request = said.get("request");
  return { code, request: request && /^[0-9a-f-]{1,64}$/.test(request) ? request : null };
}

/** The page that is shown, as the gateway takes it: a path from where the console is served. */
export function pageNow(at: { pathname: string; search: string }, base: string): string {
  const path = at.pathname.startsWith(base) ? at.pathname.slice(base.length) : "";
  const search = new URLSearchParams(at.search).has("sso") ? "" : at.search;
  return `/${path}${search}`;
}

import type { Key, KeyChange, NewKey } from "./api";

/** A key as a form holds it. */
export interface Draft {
  name: string;
  description: string;
  kind: NonNullable<NewKey["kind"]> | "";
  environment: "live" | "test";
  app: string;
  /** A day, "2026-12-31"; empty: never. */
  expires: string;
  rpm: number | "";
  models: string[];
  addresses: string[];
  /** What its lists refuse: not shown here, and kept. */
  refused: { models: string[]; addresses: string[] };
  rotateEvery: string;
}

export const usualDraft = (): Draft => ({
  name: "",
  description: "",
  kind: "",
  environment: "live",
  app: "",
  expires: "",
  rpm: "",
  models: [],
  addresses: [],
  refused: { models: [], addresses: [] },
  rotateEvery: "",
});

/** The end of a day where the reader is, as a moment. */
const endOf = (day: string) => new Date(`${day}T23:59:59`).toISOString();

/** The day of a moment where the reader is. */
export function dayOf(moment: string): string {
  const then = new Date(moment);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${then.getFullYear()}-${pad(then.getMonth() + 1)}-${pad(then.getDate())}`;
}

/** What differs from the usual; the rest is left to what the team, its plan and the instance say. */
export function asNewKey(draft: Draft): NewKey {
  const policy = {
    ...(draft.models.length > 0 ? { models: { allow: draft.models } } : {}),
    ...(draft.addresses.length > 0 ? { ip_ranges: { allow: draft.addresses } } : {}),
  };
  return {
    name: draft.name.trim(),
    ...(draft.description.trim() ? { description: draft.description.trim() } : {}),
    ...(draft.kind ? { kind: draft.kind } : {}),
    ...(draft.environment === "test" ? { environment: "test" } : {}),
    ...(draft.app ? { app: draft.app } : {}),
    ...(draft.expires ? { expires_at: endOf(draft.expires) } : {}),
    ...(draft.rpm !== "" ? { rate_limit_rpm: draft.rpm } : {}),
    ...(draft.rotateEvery ? { rotate_every: draft.rotateEvery } : {}),
    ...(Object.keys(policy).length > 0 ? { policy } : {}),
  };
}

export const draftOf = (key: Key): Draft => ({
  ...usualDraft(),
  name: key.name,
  description: key.description ?? "",
  app: key.app ?? "",
  expires: key.expires_at ? dayOf(key.expires_at) : "",
  rpm: key.policy.limits?.requests_per_minute ?? "",
  models: key.policy.models?.allow ?? [],
  addresses: key.policy.ip_ranges?.allow ?? [],
  refused: {
    models: key.policy.models?.deny ?? [],
    addresses: key.policy.ip_ranges?.deny ?? [],
  },
  rotateEvery: key.rotate_every ?? "",
});

/** Only what was changed, so that nothing is written back that somebody else may have changed. */
export function changes(before: Draft, after: Draft): KeyChange {
  const same = (a: string[], b: string[]) => a.join("\n") === b.join("\n");
  // A list is replaced as a whole, so what it refuses goes with it.
  const list = (allow: string[], deny: string[]) =>
    allow.length + deny.length === 0
      ? null
      : { ...(allow.length > 0 ? { allow } : {}), ...(deny.length > 0 ? { deny } : {}) };
  const policy = {
    ...(same(before.models, after.models)
      ? {}
      : { models: list(after.models, after.refused.models) }),
    ...(same(before.addresses, after.addresses)
      ? {}
      : { ip_ranges: list(after.addresses, after.refused.addresses) }),
  };
  return {
    ...(before.name === after.name ? {} : { name: after.name.trim() }),
    ...(before.description === after.description
      ? {}
      : { description: after.description.trim() || null }),
    ...(before.app === after.app ? {} : { app: after.app || null }),
    ...(before.expires === after.expires
      ? {}
      : { expires_at: after.expires ? endOf(after.expires) : null }),
    ...(before.rpm === after.rpm ? {} : { rate_limit_rpm: after.rpm === "" ? null : after.rpm }),
    ...(before.rotateEvery === after.rotateEvery
      ? {}
      : { rotate_every: after.rotateEvery || null }),
    ...(Object.keys(policy).length > 0 ? { policy } : {}),
  };
}

import type { Schema } from "../../api/client";
import {
  limitChanges,
  limitsDraftOf,
  policyChanges,
  policyDraftOf,
  type LimitsDraft,
  type PolicyDraft,
} from "../policy/draft";
import type { Plan, PlanChange } from "./api";

type Spikes = NonNullable<Schema["SpikeTerms"]>;

/** A plan as a form holds it. Empty: as the configuration says. */
export interface PlanDraft {
  name: string;
  keysMax: number | "";
  creationsMax: number | "";
  defaults: LimitsDraft;
  policy: PolicyDraft;
  spikes: NonNullable<Spikes["action"]> | "";
}

export const planDraftOf = (plan?: Plan): PlanDraft => ({
  name: plan?.name ?? "",
  keysMax: plan?.active_keys_max ?? "",
  creationsMax: plan?.creations_per_hour_max ?? "",
  defaults: limitsDraftOf(plan?.key_defaults),
  policy: policyDraftOf(plan?.policy ?? {}),
  spikes: plan?.spikes?.action ?? "",
});

const orNull = <Value>(value: Value | "") => (value === "" ? null : value);

/** Only what was changed. */
export function planChanges(before: PlanDraft, after: PlanDraft): PlanChange {
  const defaults = limitChanges(before.defaults, after.defaults);
  const policy = policyChanges(before.policy, after.policy);
  return {
    ...(before.name === after.name ? {} : { name: after.name.trim() }),
    ...(before.keysMax === after.keysMax ? {} : { active_keys_max: orNull(after.keysMax) }),
    ...(before.creationsMax === after.creationsMax
      ? {}
      : { creations_per_hour_max: orNull(after.creationsMax) }),
    ...(Object.keys(defaults).length > 0 ? { key_defaults: defaults } : {}),
    ...(Object.keys(policy).length > 0 ? { policy } : {}),
    ...(before.spikes === after.spikes ? {} : { spikes: { action: orNull(after.spikes) } }),
  };
}

import { compact, shortUsd } from "../../format/numbers";
import type { Sums } from "./api";

export type Metric = "cost" | "calls" | "tokens" | "failed" | "saved";

/** What of the sums is drawn, and how it is written. */
export const METRICS: Record<
  Metric,
  { of: (sums: Sums) => number; format: (value: number) => string }
> = {
  cost: { of: (sums) => Number(sums.cost_usd), format: shortUsd },
  calls: { of: (sums) => sums.calls, format: compact },
  tokens: { of: (sums) => sums.input_tokens + sums.output_tokens, format: compact },
  failed: { of: (sums) => sums.failed_calls, format: compact },
  saved: { of: (sums) => sums.tool_tokens_saved, format: compact },
};

export const METRIC_NAMES = Object.keys(METRICS) as Metric[];
export const metricOf = (text: string): Metric =>
  METRIC_NAMES.find((name) => name === text) ?? "cost";

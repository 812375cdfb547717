import type { Price, PriceChange } from "./api";

/** Dollars a million tokens; the last four: dollars a call or image, and tokens. */
export const AMOUNTS = [
  "input",
  "output",
  "cached_input",
  "cache_write",
  "reasoning",
  "audio_input",
  "audio_output",
  "per_request",
  "per_image",
  "long_input",
  "long_output",
  "long_cached_input",
  "long_cache_write",
] as const;
export const COUNTS = ["long_context_above", "context_tokens_max", "output_tokens_max"] as const;

export type Amount = (typeof AMOUNTS)[number];
export type Count = (typeof COUNTS)[number];
export type PriceDraft = Record<Amount | Count, string>;

export const USUAL: Amount[] = ["input", "output", "cached_input", "cache_write"];

export const draftOf = (price?: Price): PriceDraft =>
  Object.fromEntries(
    [...AMOUNTS, ...COUNTS].map((name) => [name, String(price?.[name] ?? "")]),
  ) as PriceDraft;

const AMOUNT = /^\d{1,9}(\.\d{1,9})?$/;

export const isWrong = (name: Amount | Count, text: string) =>
  text !== "" && !((COUNTS as readonly string[]).includes(name) ? /^\d{1,9}$/ : AMOUNT).test(text);

/** Whether it can be sent: what goes in and comes out has a price, and all that is said is a number. */
export const isReady = (draft: PriceDraft) =>
  draft.input !== "" &&
  draft.output !== "" &&
  [...AMOUNTS, ...COUNTS].every((name) => !isWrong(name, draft[name]));

/** The whole price: what is empty is no part of it. */
export const asPrice = (draft: PriceDraft): PriceChange =>
  ({
    ...Object.fromEntries(
      AMOUNTS.filter((name) => draft[name] !== "").map((name) => [name, draft[name]]),
    ),
    ...Object.fromEntries(
      COUNTS.filter((name) => draft[name] !== "").map((name) => [name, Number(draft[name])]),
    ),
  }) as PriceChange;

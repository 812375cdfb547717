// Numbers and money as the reader's locale writes them. The locale is the browser's.

const whole = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });

export const count = (value: number) => whole.format(value);
export const compact = (value: number) => (value < 10_000 ? count(value) : short.format(value));
export const percent = (part: number) => share.format(part);

const dollars = (digits: number) =>
  new Intl.NumberFormat(undefined, {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: Math.min(2, digits),
    maximumFractionDigits: digits,
  });

/**
 * A decimal string of dollars. Intl takes it as it stands, so nothing is rounded on its way through a
 * double. What is less than a cent is shown as exactly as it was said.
 */
export function usd(amount: string): string {
  const small = Math.abs(Number(amount)) < 0.01 && Number(amount) !== 0;
  return dollars(small ? 9 : 2).format(amount as unknown as number);
}

/** To the last nano-dollar: for what must add up. */
export const exactUsd = (amount: string) => dollars(9).format(amount as unknown as number);

/** Of what an axis or a tile has room for. */
export function shortUsd(amount: number): string {
  if (amount !== 0 && Math.abs(amount) < 0.01) return dollars(6).format(amount);
  if (Math.abs(amount) < 0.1) return dollars(4).format(amount);
  if (Math.abs(amount) < 1) return dollars(3).format(amount);
  if (Math.abs(amount) < 10_000) return dollars(2).format(amount);
  return new Intl.NumberFormat(undefined, {
    style: "currency",
    currency: "USD",
    notation: "compact",
  }).format(amount);
}

/** How `now` compares with `before`: 0.25 is a quarter more; null where there was nothing. */
export const change = (now: number, before: number) => (before === 0 ? null : now / before - 1);

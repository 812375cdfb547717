/** Below which of the values that share of them lies, itself included. Requires: there are any. */
export function shareOf(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

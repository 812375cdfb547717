const TICKS = 4;

/** An axis from 0 to a round number that is no less than `max`, with its marks. */
export function scaleOf(max: number): { top: number; ticks: number[] } {
  if (!(max > 0)) return { top: 1, ticks: [0] };
  const rough = max / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((one) => one * power >= rough) ?? 10) * power;
  const steps = Math.ceil(max / step - 1e-9);
  return {
    top: step * steps,
    ticks: Array.from({ length: steps + 1 }, (_, index) => index * step),
  };
}

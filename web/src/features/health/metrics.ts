// Prometheus' text, as far as a page of it needs.

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

const unescaped = (text: string) =>
  text.replace(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));

export function parseMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const found = line.startsWith("#") ? null : LINE.exec(line);
    if (!found) return [];
    const labels = [...(found[2] ?? "").matchAll(LABEL)].map(
      ([, name, value]) => [name ?? "", unescaped(value ?? "")] as const,
    );
    return [{ name: found[1] ?? "", labels: Object.fromEntries(labels), value: Number(found[3]) }];
  });
}

/** The sum over all samples of that name that have these labels; null: there is none. */
export function total(
  samples: Sample[],
  name: string,
  labels: Record<string, string> = {},
): number | null {
  const fitting = samples.filter(
    (one) =>
      one.name === name &&
      Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  );
  return fitting.length === 0 ? null : fitting.reduce((sum, one) => sum + one.value, 0);
}

/** Of a histogram, over all its other labels: below which bound the share `part` lies, in seconds. */
export function quantile(samples: Sample[], name: string, part: number): number | null {
  const buckets = new Map<number, number>();
  for (const one of samples) {
    if (one.name !== `${name}_bucket`) continue;
    const bound = one.labels.le === "+Inf" ? Infinity : Number(one.labels.le);
    buckets.set(bound, (buckets.get(bound) ?? 0) + one.value);
  }
  const all = buckets.get(Infinity) ?? 0;
  if (all === 0) return null;
  const bounds = [...buckets.keys()].sort((a, b) => a - b);
  return bounds.find((bound) => (buckets.get(bound) ?? 0) >= part * all) ?? null;
}

/** The values that a label has. */
export const valuesOf = (samples: Sample[], name: string, label: string) => [
  ...new Set(
    samples.flatMap((one) =>
      one.name === name && one.labels[label] !== undefined ? [one.labels[label]] : [],
    ),
  ),
];

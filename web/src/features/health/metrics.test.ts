import { expect, test } from "vitest";
import { parseMetrics, quantile, total, valuesOf } from "./metrics";

const TEXT = `# HELP a_total What.
# TYPE a_total counter
a_total{route="/v1/x",status="200"} 3
a_total{route="/v1/x",status="502"} 1
a_total{route="with \\"quotes\\" and \\\\",status="200"} 2
up 1
t_bucket{le="0.1"} 5
t_bucket{le="1"} 9
t_bucket{le="+Inf"} 10
t_sum 3.5
`;
const samples = parseMetrics(TEXT);

test("lines are samples, and comments are not", () => {
  expect(samples).toHaveLength(8);
  expect(samples[2]).toEqual({
    name: "a_total",
    labels: { route: 'with "quotes" and \\', status: "200" },
    value: 2,
  });
});

test("sums are over what fits", () => {
  expect(total(samples, "a_total")).toBe(6);
  expect(total(samples, "a_total", { status: "200" })).toBe(5);
  expect(total(samples, "b_total")).toBe(null);
  expect(valuesOf(samples, "a_total", "status")).toEqual(["200", "502"]);
});

test("a quantile is the first bound that holds so many", () => {
  expect(quantile(samples, "t", 0.5)).toBe(0.1);
  expect(quantile(samples, "t", 0.9)).toBe(1);
  expect(quantile(samples, "t", 0.99)).toBe(Infinity);
  expect(quantile(samples, "none", 0.5)).toBe(null);
});

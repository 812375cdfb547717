import { expect, test } from "vitest";
import type { Key } from "./api";
import { select, type Row } from "./select";

const row = (name: string, more: Partial<Key> = {}, spent = 0): Row => ({
  key: { name, id: `key_${name}`, description: "", display: "", tags: [], ...more } as Key,
  app: "",
  owner: more.user ?? "",
  spent,
});

const rows = [
  row("alpha", { created_at: "2026-01-02", user: "Grace", last_used_at: null }, 3),
  row("Beta", { created_at: "2026-01-03", tags: ["production"], app: "app_1" }, 1),
  row("gamma ray", { created_at: "2026-01-01", last_used_at: "2026-02-01" }, 2),
];
const names = (found: Row[]) => found.map(({ key }) => key.name);

test("every word has to be found, anywhere, in whichever case", () => {
  expect(names(select(rows, "RAY gam", "name", ""))).toEqual(["gamma ray"]);
  expect(names(select(rows, "production", "name", ""))).toEqual(["Beta"]);
  expect(names(select(rows, "grace", "name", ""))).toEqual(["alpha"]);
  expect(names(select(rows, "grace production", "name", ""))).toEqual([]);
});

test("each order goes both ways", () => {
  expect(names(select(rows, "", "name", ""))).toEqual(["alpha", "Beta", "gamma ray"]);
  expect(names(select(rows, "", "-created", ""))).toEqual(["Beta", "alpha", "gamma ray"]);
  expect(names(select(rows, "", "-spent", ""))).toEqual(["alpha", "gamma ray", "Beta"]);
  expect(names(select(rows, "", "-used", ""))[0]).toBe("gamma ray");
});

test("an app shows its keys alone; an order that is none changes nothing", () => {
  expect(names(select(rows, "", "", "app_1"))).toEqual(["Beta"]);
  expect(names(select(rows, "", "nonsense", ""))).toEqual(names(rows));
});

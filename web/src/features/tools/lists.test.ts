import { expect, test } from "vitest";
import type { Key } from "../keys/api";
import { listsOf, shown } from "./lists";

const key = (name: string, tools?: object, status = "active") =>
  ({
    id: `key_${name}`,
    name,
    status,
    version: 1,
    policy: tools ? { tools } : {},
  }) as unknown as Key;

const lists = listsOf({
  instance: undefined,
  plan: undefined,
  team: { id: "team_1", name: "Acme", version: 1, policy: { tools: { deny: ["shell"] } } },
  apps: [{ id: "app_1", name: "Search", version: 1, policy: {} }],
  keys: [
    key("bound", { allow: [] }),
    key("free"),
    key("over", { allow: ["get_weather"] }, "revoked"),
    key("weather", { allow: ["get_weather"], deny: null }),
  ],
});

const names = (text: string) => shown(lists, text).rows.map((one) => one.name);

test("they go from the widest to the narrowest, without what is revoked", () => {
  expect(lists.map((one) => one.scope)).toEqual(["team", "app", "key", "key", "key"]);
});

test("keys that say nothing are counted, and one that allows nothing says much", () => {
  expect(names("")).toEqual(["Acme", "Search", "bound", "weather"]);
  expect(shown(lists, " ").quiet).toBe(1);
});

test("a search finds names and tools, also of keys that say nothing", () => {
  expect(names("FREE")).toEqual(["free"]);
  expect(names("get_weather")).toEqual(["weather"]);
  expect(names("shell")).toEqual(["Acme"]);
});

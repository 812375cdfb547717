import { expect, test } from "vitest";
import type { Session, SessionTeam } from "../api/auth";
import { tokenOf } from "../features/sign_in/token";
import { may } from "./permissions";

const session = (isOperator = false) =>
  ({ user: { id: "user_1", is_operator: isOperator } }) as Session;
const team = (...permissions: string[]) => ({ permissions }) as SessionTeam;

test("nothing is shown that was not given", () => {
  expect(may(session(), team("keys.read"), "keys.write")).toBe(false);
  expect(may(session(), null, "keys.read")).toBe(false);
});

test("a permission over one's own reaches no further", () => {
  const member = team("keys.read", "keys.write:own");
  expect(may(session(), member, "keys.write")).toBe(true);
  expect(may(session(), member, "keys.write", "user_1")).toBe(true);
  expect(may(session(), member, "keys.write", "user_2")).toBe(false);
  expect(may(session(), member, "keys.write", null)).toBe(false);
  expect(may(session(), team("keys.write"), "keys.write", "user_2")).toBe(true);
});

test("only operators run the instance, whatever a team says", () => {
  expect(may(session(), team("operator"), "operator")).toBe(false);
  expect(may(session(true), null, "operator")).toBe(true);
  expect(may(session(true), team(), "keys.write", "user_2")).toBe(true);
});

test("the token of a link is what stands after the #", () => {
  expect(tokenOf("#token=abc-_1")).toBe("abc-_1");
  expect(tokenOf("#other=1")).toBe("");
  expect(tokenOf("")).toBe("");
});

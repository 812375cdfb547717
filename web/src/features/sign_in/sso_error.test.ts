import { expect, test } from "vitest";
import { t } from "../../text/en";
import { isSsoCode, pageNow, ssoErrorOf } from "./sso_error";

test("what the address says is only believed in the form of ours", () => {
  expect(ssoErrorOf("?state=active")).toBeNull();
  expect(ssoErrorOf("?sso=sso_denied&request=0199-ab")).toEqual({
    code: "sso_denied",
    request: "0199-ab",
  });
  expect(ssoErrorOf("?sso=x&request=call%20this%20number")?.request).toBeNull();
  expect(isSsoCode("sso_denied")).toBe(true);
  expect(isSsoCode("toString")).toBe(false);
});

test("every way to fail says what happened and what to do", () => {
  for (const words of Object.values(t.sso.errors)) {
    expect(words).toHaveLength(2);
    for (const sentence of words) expect(sentence).toMatch(/\.$/);
  }
});

test("one comes back to the page that was asked for, under a prefix too", () => {
  expect(pageNow({ pathname: "/keys", search: "?state=active" }, "/")).toBe("/keys?state=active");
  expect(pageNow({ pathname: "/kw/keys/k1", search: "" }, "/kw/")).toBe("/keys/k1");
  expect(pageNow({ pathname: "/", search: "?sso=sso_denied&request=1" }, "/")).toBe("/");
});

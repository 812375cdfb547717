import { describe, expect, it } from "vitest";
import { t } from "../text/en";
import { ApiError } from "./client";
import { fromBase64url, passkeyError, passkeyProblem, toBase64url } from "./passkeys";

const at = (url: string) => new URL(url);

describe("passkeys", () => {
  it("are for a name over TLS, or this machine", () => {
    expect(passkeyProblem(null, at("https://keys.example.com"), true)).toBeNull();
    expect(passkeyProblem(null, at("http://localhost:8080"), true)).toBeNull();
    expect(passkeyProblem(null, at("http://keys.example.com"), true)).toBe(t.passkeys.needsTls);
    expect(passkeyProblem(null, at("http://127.0.0.1:8080"), true)).toBe(t.passkeys.byName);
    expect(passkeyProblem(null, at("https://[::1]"), true)).toBe(t.passkeys.byName);
    expect(passkeyProblem(null, at("https://keys.example.com"), false)).toBe(
      t.passkeys.unsupported,
    );
  });

  it("are for the address that the configuration names", () => {
    const named = "https://keys.example.com";
    expect(passkeyProblem(named, at(named), true)).toBeNull();
    expect(passkeyProblem(named, at("https://other.example.com"), true)).toContain(named);
  });

  it("write bytes as base64url without padding, and read them", () => {
    const bytes = Uint8Array.from([0, 255, 254, 62, 63]);
    const text = toBase64url(bytes.buffer);
    expect(text).toBe("AP_-Pj8");
    expect([...fromBase64url(text)]).toEqual([...bytes]);
  });

  it("say in words what a browser throws", () => {
    const said = (name: string) => passkeyError(new DOMException("", name));
    expect(said("NotAllowedError")).toMatchObject({ message: t.passkeys.errors.cancelled[0] });
    expect(said("InvalidStateError")).toMatchObject({ message: t.passkeys.errors.known[0] });
    expect(said("SecurityError")).toMatchObject({ message: t.passkeys.errors.unsupported[0] });
    expect(said("NotAllowedError")).toBeInstanceOf(ApiError);
    const other = new Error("other");
    expect(passkeyError(other)).toBe(other);
  });
});

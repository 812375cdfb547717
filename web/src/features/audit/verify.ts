/** A line of GET /v1/account/audit/export. */
export interface AuditLine {
  canonical: string;
  chain: string;
}

export interface Verdict {
  rows: number;
  /** The number of the first row that does not follow from the ones before it. */
  brokenAt: number | null;
  chain: string;
}

export const BEGINNING: Verdict = { rows: 0, brokenAt: null, chain: "00".repeat(32) };

const HEX = /^[0-9a-f]{64}$/;

const bytesOf = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
}

/**
 * Goes on from `before` over these lines, in this browser: leaf = SHA-256(0x00 ‖ canonical),
 * chain = SHA-256(0x01 ‖ chain before ‖ leaf). Whoever changed, took out or added a row in between
 * would have to have changed every row after it.
 */
export async function verify(lines: AuditLine[], before = BEGINNING): Promise<Verdict> {
  if (before.brokenAt !== null) return before;
  let chain = bytesOf(before.chain);
  let rows = before.rows;
  for (const line of lines) {
    const leaf = await sha256(Uint8Array.of(0), new TextEncoder().encode(line.canonical));
    const next = await sha256(Uint8Array.of(1), chain, leaf);
    if (!HEX.test(line.chain) || !next.every((byte, at) => byte === bytesOf(line.chain)[at])) {
      return { rows, brokenAt: rows, chain: hexOf(chain) };
    }
    chain = next;
    ++rows;
  }
  return { rows, brokenAt: null, chain: hexOf(chain) };
}

const hexOf = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { BEGINNING, verify, type AuditLine } from "./verify";

// Chained by another implementation than the one that is looked at.
function chained(texts: string[]): AuditLine[] {
  const sha = (...parts: (Buffer | string)[]) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  let chain: Buffer = Buffer.alloc(32);
  return texts.map((canonical) => {
    chain = sha(Buffer.of(1), chain, sha(Buffer.of(0), canonical));
    return { canonical, chain: chain.toString("hex") };
  });
}

const lines = () => chained(['{"seq":0}', '{"seq":1,"ü":"€"}', '{"seq":2}', '{"seq":3}']);

test("a whole chain is whole, in one part or in two", async () => {
  const all = lines();
  const whole = await verify(all);
  expect(whole).toEqual({ rows: 4, brokenAt: null, chain: all[3]?.chain });
  expect(await verify(all.slice(2), await verify(all.slice(0, 2)))).toEqual(whole);
});

test("a row that was changed is found", async () => {
  const all = lines();
  all[1] = { canonical: '{"seq":1,"ü":"$"}', chain: all[1]?.chain ?? "" };
  expect((await verify(all)).brokenAt).toBe(1);
});

test("a row that was taken out or put in is found", async () => {
  const all = lines();
  expect((await verify([...all.slice(0, 2), ...all.slice(3)])).brokenAt).toBe(2);
  const [first] = all;
  if (first) expect((await verify([first, ...all])).brokenAt).toBe(1);
});

test("what is no chain at all is broken, and stays so", async () => {
  const broken = await verify([{ canonical: "", chain: "" }]);
  expect(broken.brokenAt).toBe(0);
  expect(await verify(lines(), broken)).toBe(broken);
  expect(await verify([])).toEqual(BEGINNING);
});

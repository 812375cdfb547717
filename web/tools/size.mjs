// Refuses a build whose first load is larger than promised, compressed as it is served.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_MAX = 300 * 1024;
const dist = new URL("../dist/", import.meta.url);

const size = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length;
const html = readFileSync(new URL("index.html", dist), "utf8");
const named = [...html.matchAll(/="\.\/(assets\/[^"]+)"/g)].map((found) => found[1]);
const entry = named.reduce((sum, name) => sum + size(name), size("index.html"));
// A page brings at most all that is left over; the largest one alone says enough.
const rest = readdirSync(new URL("assets/", dist)).map((name) => `assets/${name}`);
const pages = rest.filter((name) => !named.includes(name)).map((name) => [size(name), name]);
const [largest, page] = pages.sort((a, b) => b[0] - a[0])[0] ?? [0, "none"];

console.log(`first load ${entry} bytes, largest page ${largest} (${page}), compressed`);
if (entry + largest > FIRST_LOAD_MAX) {
  console.error(`the first load may be ${FIRST_LOAD_MAX} bytes at most`);
  process.exit(1);
}

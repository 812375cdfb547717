// Makes src/api/schema.gen.ts from openapi.yaml, so that a page that asks for what the API does not
// have does not compile.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../openapi.yaml", import.meta.url);
const target = new URL("../src/api/schema.gen.ts", import.meta.url);

const text =
  "// Generated from openapi.yaml.\n" +
  astToString(await openapiTS(source, { defaultNonNullable: false }));
const before = await readFile(target, "utf8").catch(() => "");
if (text !== before) await writeFile(target, text);

import { expect, test } from "vitest";
import { bodyOf } from "./chat";
import { codeOf } from "./code";

const body = bodyOf(
  "gpt-4o",
  {
    system: 'It\'s "quoted"',
    temperature: 0.5,
    topP: null,
    tokensMax: null,
    tools: [],
    fields: { logit_bias: {}, seed: 7 },
  },
  [{ role: "user", text: "Hi", pictures: [{ name: "a", url: "data:image/png;base64,AAAA" }] }],
);
const code = Object.fromEntries(
  codeOf("https://kw.example/v1", body).map((one) => [one.id, one.text]),
);

test("no secret and no picture stands in it", () => {
  for (const text of Object.values(code)) {
    expect(text).toContain("KEYWARDEN_API_KEY");
    expect(text).toContain("data:image/png;base64,…");
    expect(text).not.toContain("AAAA");
  }
});

test("Python is told what its SDK does not know by name apart", () => {
  expect(code.python).toContain("    stream=True,\n");
  expect(code.python).toContain("    seed=7,\n");
  expect(code.python).toContain('    extra_body={\n        "logit_bias": {},\n    },\n');
  expect(code.python).toContain('"content": "It\'s \\"quoted\\""');
});

test("the body of curl is the body that was sent", () => {
  const sent = /<<'END'\n([\s\S]*)\nEND$/.exec(code.curl ?? "")?.[1] ?? "";
  expect(JSON.parse(sent)).toMatchObject({ model: "gpt-4o", seed: 7, stream: true });
});

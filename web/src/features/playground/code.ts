// The same call in the words of a program.
import type { bodyOf } from "./chat";

type Body = ReturnType<typeof bodyOf>;

/** What the SDK of Python takes by name; the rest goes as `extra_body`. */
const KNOWN = [
  "model",
  "messages",
  "stream",
  "stream_options",
  "temperature",
  "top_p",
  "max_tokens",
  "tools",
  "tool_choice",
  "response_format",
  "seed",
  "stop",
  "max_completion_tokens",
  "reasoning_effort",
  "parallel_tool_calls",
];

/** Data of pictures is long, and says nothing. */
const shorten = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, shorten(one)] as const),
    );
  }
  if (typeof value !== "string" || !value.startsWith("data:image/")) return value;
  return `${value.slice(0, value.indexOf(",") + 1)}…`;
};

/** JSON as Python writes it. */
function python(value: unknown, indent = ""): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  const rows = Array.isArray(value)
    ? value.map((one) => `${deeper}${python(one, deeper)},\n`)
    : Object.entries(value).map(
        ([name, one]) => `${deeper}${JSON.stringify(name)}: ${python(one, deeper)},\n`,
      );
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return rows.length === 0 ? open + close : `${open}\n${rows.join("")}${indent}${close}`;
}

export interface Snippet {
  id: string;
  label: string;
  text: string;
}

export function codeOf(base: string, asked: Body): Snippet[] {
  const body = shorten(asked) as Record<string, unknown>;
  const json = JSON.stringify(body, null, 2);
  const known = Object.entries(body).filter(([name]) => KNOWN.includes(name));
  const further = Object.entries(body).filter(([name]) => !KNOWN.includes(name));
  const named = [
    ...known,
    ...(further.length > 0 ? [["extra_body", Object.fromEntries(further)] as const] : []),
  ].map(([name, value]) => `    ${name}=${python(value, "    ")},\n`);
  return [
    {
      id: "curl",
      label: "curl",
      text: `curl -N ${base}/chat/completions \\
  -H "Authorization: Bearer $KEYWARDEN_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d @- <<'END'
${json}
END`,
    },
    {
      id: "python",
      label: "Python",
      text: `import os
from openai import OpenAI

client = OpenAI(
    base_url=${JSON.stringify(base)},
    api_key=os.environ["KEYWARDEN_API_KEY"],
)
stream = client.chat.completions.create(
${named.join("")})
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="")`,
    },
    {
      id: "node",
      label: "Node",
      text: `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: ${JSON.stringify(base)},
  apiKey: process.env.KEYWARDEN_API_KEY,
});
const stream = await client.chat.completions.create(${json});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}`,
    },
  ];
}

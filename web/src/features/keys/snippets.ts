/** A first call, in the words of whoever makes it. */
export interface Snippet {
  id: string;
  label: string;
  text: string;
}

export const snippets = (base: string, key: string, model: string): Snippet[] => [
  {
    id: "curl",
    label: "curl",
    text: `curl ${base}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Say hello"}]}'`,
  },
  {
    id: "python",
    label: "Python",
    text: `from openai import OpenAI

client = OpenAI(
    base_url="${base}",
    api_key="${key}",
)
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Say hello"}],
)
print(answer.choices[0].message.content)`,
  },
  {
    id: "node",
    label: "Node",
    text: `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${base}",
  apiKey: "${key}",
});
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Say hello" }],
});
console.log(answer.choices[0].message.content);`,
  },
  {
    id: "env",
    label: "Environment",
    text: `export OPENAI_BASE_URL=${base}
export OPENAI_API_KEY=${key}`,
  },
];

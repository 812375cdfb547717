// What people write as JSON, looked at before it is sent anywhere.
import { t } from "../../text/en";
import { OWN_FIELDS } from "./chat";

export interface Checked<Value> {
  value: Value;
  /** null: it is fine. */
  problem: string | null;
}

const TOOLS_MAX = 128;
const say = t.playground;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parse(text: string): { value?: unknown; problem: string | null } {
  try {
    return { value: JSON.parse(text) as unknown, problem: null };
  } catch (error) {
    return { problem: say.notJson(error instanceof Error ? error.message : "") };
  }
}

/** A list of functions, as chat completions take it. Nothing at all is an empty list. */
export function checkTools(text: string): Checked<object[]> {
  if (text.trim() === "") return { value: [], problem: null };
  const { value, problem } = parse(text);
  if (problem !== null) return { value: [], problem };
  if (!Array.isArray(value)) return { value: [], problem: say.notList };
  const wrong = problemOf(value);
  return wrong === null
    ? { value: value as object[], problem: null }
    : { value: [], problem: wrong };
}

function problemOf(tools: unknown[]): string | null {
  if (tools.length > TOOLS_MAX) return say.manyTools(TOOLS_MAX);
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (!isObject(tool) || tool.type !== "function" || !isObject(tool.function)) {
      return say.notFunction(index + 1);
    }
    const { name, parameters } = tool.function;
    if (typeof name !== "string" || !/^[\w-]{1,64}$/.test(name)) return say.noName(index + 1);
    if (parameters !== undefined && !isObject(parameters)) return say.badParameters(name);
    if (names.has(name)) return say.twice(name);
    names.add(name);
  }
  return null;
}

/** An object of further fields of the body. */
export function checkFields(text: string): Checked<Record<string, unknown>> {
  if (text.trim() === "") return { value: {}, problem: null };
  const { value, problem } = parse(text);
  if (problem !== null) return { value: {}, problem };
  if (!isObject(value)) return { value: {}, problem: say.notObject };
  const own = OWN_FIELDS.find((name) => name in value);
  return own ? { value: {}, problem: say.ownField(own) } : { value, problem: null };
}

export const EXAMPLE = `[
  {
    "type": "function",
    "function": {
      "name": "get_weather",
      "description": "The weather in a city, now.",
      "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"]
      }
    }
  }
]`;

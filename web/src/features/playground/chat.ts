import { ApiError } from "../../api/client";

export interface Picture {
  name: string;
  /** data:image/png;base64,… */
  url: string;
}

export interface Asked {
  role: "user";
  text: string;
  pictures: Picture[];
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
  /** What the person says that it returns. */
  result: string;
}

export interface Tokens {
  input: number;
  output: number;
}

export interface Answer {
  role: "assistant";
  state: "running" | "done" | "stopped" | "failed";
  text: string;
  reasoning: string;
  calls: ToolCall[];
  error: ApiError | null;
  requestId: string | null;
  /** Whether the gateway let it through: then there is a row of it. */
  began: boolean;
  tokens: Tokens | null;
  firstMs: number | null;
  totalMs: number | null;
  finish: string | null;
}

export type Turn = Asked | Answer;

export interface Settings {
  system: string;
  temperature: number | null;
  topP: number | null;
  tokensMax: number | null;
  tools: object[];
  fields: Record<string, unknown>;
}

export const newAnswer = (): Answer => ({
  role: "assistant",
  state: "running",
  text: "",
  reasoning: "",
  calls: [],
  error: null,
  requestId: null,
  began: false,
  tokens: null,
  firstMs: null,
  totalMs: null,
  finish: null,
});

/** A chunk of a stream, or a whole completion, as far as it is looked at. */
export interface Piece {
  choices?: {
    delta?: Said;
    message?: Said;
    finish_reason?: string | null;
  }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
}

interface Said {
  content?: string | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  refusal?: string | null;
  tool_calls?: {
    index?: number;
    id?: string;
    function?: { name?: string; arguments?: string };
  }[];
}

/** The answer with one more piece of it. */
export function take(answer: Answer, piece: Piece): Answer {
  const choice = piece.choices?.[0];
  const said = choice?.delta ?? choice?.message ?? {};
  const calls = answer.calls.map((call) => ({ ...call }));
  (said.tool_calls ?? []).forEach((call, place) => {
    const at = call.index ?? place;
    while (calls.length <= at) calls.push({ id: "", name: "", arguments: "", result: "" });
    const one = calls[at];
    if (!one) return;
    one.id ||= call.id ?? "";
    one.name += call.function?.name ?? "";
    one.arguments += call.function?.arguments ?? "";
  });
  return {
    ...answer,
    text: answer.text + (said.content ?? "") + (said.refusal ?? ""),
    reasoning: answer.reasoning + (said.reasoning_content ?? said.reasoning ?? ""),
    calls,
    finish: choice?.finish_reason ?? answer.finish,
    tokens: piece.usage
      ? { input: piece.usage.prompt_tokens ?? 0, output: piece.usage.completion_tokens ?? 0 }
      : answer.tokens,
  };
}

type Message = Record<string, unknown>;

const askedAs = ({ text, pictures }: Asked): Message =>
  pictures.length === 0
    ? { role: "user", content: text }
    : {
        role: "user",
        content: [
          ...(text ? [{ type: "text", text }] : []),
          ...pictures.map(({ url }) => ({ type: "image_url", image_url: { url } })),
        ],
      };

/** An answer that never came is no part of the conversation; one that broke off is. */
function answeredAs({ text, calls }: Answer): Message[] {
  if (text === "" && calls.length === 0) return [];
  const message: Message = { role: "assistant", content: text === "" ? null : text };
  if (calls.length > 0) {
    message.tool_calls = calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: call.arguments },
    }));
  }
  const results = calls.map((call) => ({
    role: "tool",
    tool_call_id: call.id,
    content: call.result,
  }));
  return [message, ...results];
}

const without = <Value>(name: string, value: Value | null) =>
  value === null ? {} : { [name]: value };

/** The body of the next call. */
export const bodyOf = (model: string, settings: Settings, turns: Turn[]) => ({
  model,
  messages: [
    ...(settings.system.trim() ? [{ role: "system", content: settings.system }] : []),
    ...turns.flatMap((turn) => (turn.role === "user" ? [askedAs(turn)] : answeredAs(turn))),
  ],
  stream: true,
  stream_options: { include_usage: true },
  ...without("temperature", settings.temperature),
  ...without("top_p", settings.topP),
  ...without("max_tokens", settings.tokensMax),
  ...(settings.tools.length > 0 ? { tools: settings.tools } : {}),
  ...settings.fields,
});

/** What `bodyOf` says by itself. */
export const OWN_FIELDS = ["model", "messages", "stream", "stream_options", "tools"];

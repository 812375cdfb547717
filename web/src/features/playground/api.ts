import { useQuery } from "@tanstack/react-query";
import { api, ApiError, begin, ok, problem } from "../../api/client";
import { events } from "../../api/events";
import { t } from "../../text/en";
import { newAnswer, take, type Answer, type bodyOf, type Piece } from "./chat";

const COST_TRIES_MAX = 15;
const COST_WAIT_MS = 700;

/** The models that a key may use. A 401 says that the key, not the session, is no good. */
export const usePlayableModels = (key: string) =>
  useQuery({
    queryKey: ["playground", "models", key],
    enabled: key !== "",
    queryFn: async () => {
      const list = await ok(
        api.GET("/v1/account/keys/{id}/playground/models", { params: { path: { id: key } } }),
      );
      return list.data.map((model) => model.id);
    },
  });

/** What the call came to, as soon as it stands in the books. */
export const useCost = (answer: Answer) =>
  useQuery({
    queryKey: ["request", answer.requestId],
    enabled: answer.began && answer.state !== "running" && answer.requestId !== null,
    retry: (failures, error) =>
      failures < COST_TRIES_MAX && error instanceof ApiError && error.code === "not_found",
    retryDelay: COST_WAIT_MS,
    queryFn: () =>
      ok(
        api.GET("/v1/account/requests/{id}", {
          params: { path: { id: answer.requestId ?? "" } },
        }),
      ),
  });

/** Makes the call, and says after each piece what the answer is by now. Throws nothing. */
export async function play(
  key: string,
  body: ReturnType<typeof bodyOf>,
  signal: AbortSignal,
  onChange: (answer: Answer) => void,
) {
  const asked = performance.now();
  let answer = newAnswer();
  const change = (next: Partial<Answer>) => {
    answer = { ...answer, ...next };
    onChange(answer);
  };
  const passed = () => Math.round(performance.now() - asked);
  const hear = (piece: Piece) => {
    const next = take(answer, piece);
    const hasWords = next.text !== "" || next.reasoning !== "" || next.calls.length > 0;
    change({ ...next, firstMs: next.firstMs ?? (hasWords ? passed() : null) });
  };
  try {
    const path = `/v1/account/keys/${encodeURIComponent(key)}/playground/chat/completions`;
    const response = await begin(path, body, signal);
    change({ began: true, requestId: response.headers.get("X-Request-Id") });
    await listen(response, hear);
    change({ state: "done", totalMs: passed() });
  } catch (error) {
    if (signal.aborted) return change({ state: "stopped", totalMs: passed() });
    const known = error instanceof ApiError ? error : brokenOff(answer.requestId);
    change({
      state: "failed",
      totalMs: passed(),
      error: known,
      requestId: answer.requestId ?? known.requestId,
    });
  }
}

const brokenOff = (requestId: string | null) =>
  new ApiError("broken_off", t.playground.brokeOff, t.playground.brokeOffHelp, requestId);

/** Whoever answers in one piece is heard, too. Errors: what the stream says, or that it has no end. */
async function listen(response: Response, hear: (piece: Piece) => void) {
  const said = (data: unknown): Piece => {
    if (typeof data === "object" && data !== null && "error" in data) throw problem(data, response);
    return data as Piece;
  };
  if (!response.headers.get("Content-Type")?.includes("event-stream")) {
    return hear(said(await response.json()));
  }
  if (response.body) {
    for await (const data of events(response.body)) {
      if (data === "[DONE]") return;
      hear(said(JSON.parse(data)));
    }
  }
  throw brokenOff(response.headers.get("X-Request-Id"));
}

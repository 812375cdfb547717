import createClient from "openapi-fetch";
import { t } from "../text/en";
import { BASE } from "./base";
import type { components, paths } from "./schema.gen";

export type Schema = components["schemas"];

/** Any answer that is not 2xx. Pages look at `code`, never at status numbers. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly help: string | null = null,
    readonly requestId: string | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Who asks, and for which team. Kept by app/session.tsx. */
export const caller = {
  team: null as string | null,
  csrf: null as string | null,
  whenSignedOut: () => {},
};

const isChange = (method: string) => !["GET", "HEAD"].includes(method);

/** The only place where the console calls fetch. */
async function send(request: Request): Promise<Response> {
  if (caller.team) request.headers.set("X-Keywarden-Team", caller.team);
  if (caller.csrf && isChange(request.method)) {
    request.headers.set("X-Keywarden-Csrf", caller.csrf);
  }
  let response: Response;
  try {
    response = await fetch(request, { credentials: "same-origin" });
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError("unreachable", t.errors.unreachable, t.errors.unreachableHelp);
  }
  // In the playground a 401 may be a key's, which says nothing of whoever is signed in.
  const isOwn = !request.url.includes("/auth/") && !request.url.includes("/playground/");
  if (response.status === 401 && isOwn) caller.whenSignedOut();
  return response;
}

export const api = createClient<paths>({
  baseUrl: BASE.slice(0, -1),
  fetch: send,
  querySerializer: { array: { style: "form", explode: false } },
});

/** What was answered, as JSON; or throws the ApiError that its problem says. */
export async function ok<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Exclude<T, string | null | undefined>> {
  const { data, error, response } = await call;
  if (!response.ok) throw problem(error, response);
  return data as Exclude<T, string | null | undefined>;
}

/** A file of the API, to be saved: CSV, or lines of JSON. `next` says from where it goes on. */
export async function download(path: string, accept: string) {
  const request = new Request(BASE + path.replace(/^\//, ""), { headers: { Accept: accept } });
  const response = await send(request);
  if (!response.ok) throw problem(await response.json().catch(() => null), response);
  return { text: await response.text(), next: response.headers.get("x-keywarden-next") };
}

/** An answer that comes in pieces, once it has begun; or throws, as `ok` does. */
export async function begin(path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  const request = new Request(BASE + path.replace(/^\//, ""), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  const response = await send(request);
  if (!response.ok) throw problem(await response.json().catch(() => null), response);
  return response;
}

/** Of our own shape, or of OpenAI's, which has all in `error`. */
export function problem(body: unknown, response: Response): ApiError {
  const object = (value: unknown) =>
    (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const said = "error" in object(body) ? object(object(body).error) : object(body);
  const text = (name: string) => (typeof said[name] === "string" ? said[name] : null);
  const after = Number(response.headers.get("Retry-After"));
  return new ApiError(
    text("code") ?? "unexpected",
    text("detail") ?? text("message") ?? text("title") ?? t.errors.unexpected(response.status),
    text("help"),
    text("request_id") ?? response.headers.get("X-Request-Id"),
    after > 0 ? after : null,
  );
}

import { t } from "../text/en";
import { api, ApiError, ok, type Schema } from "./client";

export type OwnPasskey = Schema["OwnPasskey"];
export type PasskeyAnswer = Schema["PasskeyAnswer"];

export const listPasskeys = () => ok(api.GET("/auth/passkeys"));
export const removePasskey = (id: string, proof: Schema["OwnProof"]) =>
  ok(api.DELETE("/auth/passkeys/{id}", { params: { path: { id } }, body: proof }));

/** Base64url without padding, as the gateway writes bytes. */
export const toBase64url = (bytes: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

export const fromBase64url = (text: string) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

/** Why there are no passkeys at this address, in this browser; null: there are. */
export function passkeyProblem(
  publicOrigin: string | null | undefined,
  here: Pick<Location, "origin" | "hostname" | "protocol">,
  isSupported: boolean,
): string | null {
  if (publicOrigin && publicOrigin !== here.origin) return t.passkeys.elsewhere(publicOrigin);
  const isAddress = /^[\d.]+$|:/.test(here.hostname);
  if (isAddress) return t.passkeys.byName;
  if (here.protocol !== "https:" && here.hostname !== "localhost") return t.passkeys.needsTls;
  return isSupported ? null : t.passkeys.unsupported;
}

/** What a browser throws, in words. */
export function passkeyError(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  const words =
    error.name === "InvalidStateError"
      ? t.passkeys.errors.known
      : error.name === "NotAllowedError" || error.name === "AbortError"
        ? t.passkeys.errors.cancelled
        : t.passkeys.errors.unsupported;
  return new ApiError("passkey", ...words);
}

async function asked<T extends AuthenticatorResponse>(wish: Promise<Credential | null>) {
  const credential = await wish.catch((error: unknown) => {
    throw passkeyError(error);
  });
  if (!(credential instanceof PublicKeyCredential)) {
    throw new ApiError("passkey", ...t.passkeys.errors.unsupported);
  }
  return { id: credential.rawId, response: credential.response as T };
}

type Question = Schema["PasskeyChallenge"];
const readQuestion = (): Promise<Question> => ok(api.POST("/auth/passkeys/challenge"));

async function answered(
  question: Question,
  how: Omit<CredentialRequestOptions, "publicKey">,
  isAlone: boolean,
): Promise<PasskeyAnswer> {
  const { id, response } = await asked<AuthenticatorAssertionResponse>(
    navigator.credentials.get({
      ...how,
      publicKey: {
        challenge: fromBase64url(question.challenge),
        rpId: question.rp_id,
        timeout: question.timeout_ms,
        userVerification: isAlone ? "required" : "preferred",
      },
    }),
  );
  return {
    attempt: question.attempt,
    id: toBase64url(id),
    client_data: toBase64url(response.clientDataJSON),
    authenticator_data: toBase64url(response.authenticatorData),
    signature: toBase64url(response.signature),
    ...(response.userHandle?.byteLength ? { user_handle: toBase64url(response.userHandle) } : {}),
  };
}

/** Has the browser sign with a passkey. Alone: it also says that it knows who is there. */
export const askPasskey = async (isAlone = false) => answered(await readQuestion(), {}, isAlone);

/** How often a page that stands open asks for a new question, each kept for minutes. */
const QUESTIONS_MAX = 12;
const ENOUGH_TO_SIGN_MS = 30_000;

/**
 * Has the browser offer passkeys where it fills in names. Null where it cannot, none was chosen, or
 * `signal` ended it.
 */
export async function offeredPasskey(signal: AbortSignal): Promise<PasskeyAnswer | null> {
  try {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable())) return null;
    for (let asked = 0; asked < QUESTIONS_MAX && !signal.aborted; asked++) {
      const question = await readQuestion();
      const stale = AbortSignal.timeout(question.timeout_ms - ENOUGH_TO_SIGN_MS);
      const how = { mediation: "conditional", signal: AbortSignal.any([signal, stale]) } as const;
      const answer = await answered(question, how, true).catch((error: unknown) => {
        if (!stale.aborted) throw error;
        return null;
      });
      if (answer) return answer;
    }
  } catch {
    // Nobody asked for it: there are other ways in.
  }
  return null;
}

export const signInWithPasskey = (passkey: PasskeyAnswer) =>
  ok(api.POST("/auth/passkeys/login", { body: { passkey } }));

/** The code that was typed; where none was, a passkey, if there is one. */
export async function secondFactor(
  code: string,
  passkeys: number,
): Promise<{ code?: string; passkey?: PasskeyAnswer }> {
  if (code.trim()) return { code: code.trim() };
  return passkeys > 0 ? { passkey: await askPasskey() } : {};
}

export async function addPasskey(name: string, proof: Schema["OwnProof"]) {
  const wish = await ok(api.POST("/auth/passkeys/begin", { body: proof }));
  const { response } = await asked<AuthenticatorAttestationResponse>(
    navigator.credentials.create({
      publicKey: {
        challenge: fromBase64url(wish.challenge),
        rp: { id: wish.rp_id, name: t.passkeys.keeper },
        user: {
          id: fromBase64url(wish.user.id),
          name: wish.user.name,
          displayName: wish.user.display_name,
        },
        pubKeyCredParams: wish.algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: wish.exclude.map(({ id, transports }) => ({
          type: "public-key",
          id: fromBase64url(id),
          transports: transports as AuthenticatorTransport[],
        })),
        authenticatorSelection: {
          residentKey: "required",
          requireResidentKey: true,
          userVerification: "required",
        },
        attestation: "none",
        timeout: wish.timeout_ms,
      },
    }),
  );
  return ok(
    api.POST("/auth/passkeys", {
      body: {
        attempt: wish.attempt,
        name,
        client_data: toBase64url(response.clientDataJSON),
        attestation_object: toBase64url(response.attestationObject),
        transports: response.getTransports(),
      },
    }),
  );
}

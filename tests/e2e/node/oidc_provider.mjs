// A real identity provider (npm oidc-provider) on loopback, for tests/e2e/test_single_sign_on.py.
//
// Its first line says where it is. A line "rotate" on its input gives it another key.
import { once } from "node:events";
import http from "node:http";
import readline from "node:readline";

import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const asked = JSON.parse(process.argv[2]);
const people = asked.people;

const newKey = async (kid, alg) => {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: "sig" };
};

const provider = (issuer, keys) => {
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: "keywarden",
        client_secret: "a-test-secret-of-nobody",
        redirect_uris: [`${asked.console}/auth/oidc/corp/callback`],
        post_logout_redirect_uris: [`${asked.console}/`],
        backchannel_logout_uri: `${asked.console}/auth/oidc/corp/backchannel-logout`,
        backchannel_logout_session_required: true,
        id_token_signed_response_alg: asked.alg ?? "RS256",
      },
    ],
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),  // loopback, too
    jwks: { keys },
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name"],
      groups: ["groups"],
    },
    scopes: ["openid", "email", "profile", "groups"],
    cookies: { keys: ["for-tests-alone"] },
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"] },
    async findAccount(_, id) {
      return { accountId: id, claims: async () => ({ sub: id, ...(people[id] ?? {}) }) };
    },
  });
  // Its own clock must be ours: tests do not wait.
  made.on("backchannel.error", (_, error) => console.error(error));
  made.on("server_error", (_, error) => console.error(error));
  return made.callback();
};

let answer;
const server = http.createServer((request, response) => answer(request, response));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;
const alg = asked.alg ?? "RS256";
let generation = 1;
answer = provider(issuer, [await newKey("key-1", alg)]);
console.log(JSON.stringify({ issuer }));

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line !== "rotate") continue;
  generation += 1;
  answer = provider(issuer, [await newKey(`key-${generation}`, alg)]);
  console.log(JSON.stringify({ rotated: generation }));
}
process.exit(0);

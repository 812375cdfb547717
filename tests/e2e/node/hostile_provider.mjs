// An identity provider that lies as it is told to (keys by npm jose), for
// tests/e2e/test_hostile_provider.py.
//
// Its first line says where it is. Each issuer is a path: http://127.0.0.1:PORT/NAME. What it does
// is a plan, which PUT /_plan/NAME replaces; GET /_seen/NAME says what was asked of it.
import crypto from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";

import { exportJWK, generateKeyPair, SignJWT } from "jose";

const CLIENT = { id: "keywarden", secret: "a-test-secret-of-nobody" };
const plans = new Map();
const seen = new Map();
const tls = process.argv[2] ? JSON.parse(process.argv[2]) : null;

const rsa = (bits) => crypto.generateKeyPairSync("rsa", { modulusLength: bits });
const main = await generateKeyPair("RS256", { extractable: true });
const stranger = await generateKeyPair("RS256", { extractable: true });
const weak = { 512: rsa(512), 1024: rsa(1024) };
const publicJwk = { ...(await exportJWK(main.publicKey)), kid: "main", alg: "RS256", use: "sig" };
const strangerJwk = { ...(await exportJWK(stranger.publicKey)), alg: "RS256", use: "sig" };
const weakJwk = (bits) => ({ ...weak[bits].publicKey.export({ format: "jwk" }), kid: "weak", use: "sig" });

const base64url = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

const PEM = crypto.createPublicKey({ key: publicJwk, format: "jwk" });
const HMAC_KEYS = {
  pem: () => PEM.export({ type: "spki", format: "pem" }),
  der: () => PEM.export({ type: "spki", format: "der" }),
  jwk: () => JSON.stringify(publicJwk),
  secret: () => CLIENT.secret,
};

const without = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));

const halfHash = (text) =>
  crypto.createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");

async function mint(issuer, plan, code, accessToken) {
  const now = Math.floor(Date.now() / 1000);
  const claims = without({
    iss: issuer,
    sub: plan.people?.[code] ?? "stranger-1",
    aud: CLIENT.id,
    iat: now,
    exp: now + 300,
    nonce: plan.nonces?.[code] ?? plan.nonce,
    at_hash: halfHash(accessToken),
    ...(plan.people && {
      email: `${plan.people[code]}@example.com`, email_verified: true, name: plan.people[code],
    }),
    ...plan.claims,
  });
  for (const [name, shift] of Object.entries(plan.shifts ?? {})) claims[name] = now + shift;
  const header = without({ alg: "RS256", kid: "main", typ: "JWT", ...plan.header });
  const how = plan.sign ?? "main";
  if (how === "none") return `${base64url(header)}.${base64url(claims)}.`;
  if (how === "unsigned") return `${base64url(header)}.${base64url(claims)}.AAAA`;
  if (how.startsWith("hmac-")) {
    const text = `${base64url({ ...header, alg: "HS256" })}.${base64url(claims)}`;
    const key = HMAC_KEYS[how.slice(5)]();
    return `${text}.${crypto.createHmac("sha256", key).update(text).digest("base64url")}`;
  }
  if (how.startsWith("weak-")) {
    const text = `${base64url(header)}.${base64url(claims)}`;
    const key = weak[how.slice(5)].privateKey;
    return `${text}.${crypto.sign("sha256", Buffer.from(text), key).toString("base64url")}`;
  }
  const key = how === "stranger" ? stranger.privateKey : main.privateKey;
  if (how === "main-raw" || header.crit || header.kid === "") {
    const text = `${base64url(header)}.${base64url(claims)}`;
    const signer = crypto.KeyObject.from(key);
    return `${text}.${crypto.sign("sha256", Buffer.from(text), signer).toString("base64url")}`;
  }
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

const keySets = {
  main: () => [publicJwk],
  none: () => [],
  "enc": () => [{ ...publicJwk, use: "enc" }],
  "same-kid": () => [{ ...strangerJwk, kid: "main" }, publicJwk],
  "weak-512": () => [weakJwk(512)],
  "weak-1024": () => [weakJwk(1024)],
};

const send = (response, status, body, type = "application/json") => {
  response.writeHead(status, { "Content-Type": type });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
};

/** What goes wrong on the way: a status, ten megabytes, one byte at a time, or nothing at all. */
function misbehaves(fault, response) {
  if (!fault) return false;
  if (fault === "500") send(response, 500, { error: "server_error" });
  if (fault === "10MB") send(response, 200, `{"x":"${"a".repeat(10_000_000)}"}`);
  if (fault === "silence") return true;
  if (fault === "slowloris") {
    response.writeHead(200, { "Content-Type": "application/json" });
    const timer = setInterval(() => response.write(" "), 250);
    response.on("close", () => clearInterval(timer));
  }
  return true;
}

async function answer(origin, request, response) {
  const url = new URL(request.url, origin);
  const [, name, ...rest] = url.pathname.split("/");
  const path = rest.join("/");
  let body = "";
  for await (const piece of request) body += piece;
  if (name === "_plan") {
    plans.set(path, JSON.parse(body));
    return send(response, 200, {});
  }
  if (name === "_seen") return send(response, 200, seen.get(path) ?? {});
  const plan = plans.get(name) ?? {};
  const issuer = `${origin}/${name}`;
  const told = seen.get(name) ?? { counts: {} };
  seen.set(name, told);
  told.counts[path] = (told.counts[path] ?? 0) + 1;
  if (misbehaves(plan.faults?.[path], response)) return undefined;
  if (path === ".well-known/openid-configuration") {
    return send(response, 200, without({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ["code"],
      ...plan.discovery,
    }));
  }
  if (path === "jwks") return send(response, 200, { keys: keySets[plan.keys ?? "main"]() });
  if (path === "userinfo") {
    told.authorization = request.headers.authorization;
    return send(response, 200, without({ sub: plan.claims?.sub ?? "stranger-1", ...plan.userinfo }));
  }
  if (path !== "token") return send(response, 404, {});
  told.token = Object.fromEntries(new URLSearchParams(body));
  if (plan.token) return send(response, plan.token.status ?? 200, plan.token.body);
  const verifier = told.token.code_verifier ?? "";
  const challenge = crypto.createHash("sha256").update(verifier).digest("base64url");
  if (plan.challenge && challenge !== plan.challenge) {
    return send(response, 400, { error: "invalid_grant" });
  }
  if (plan.used?.includes(told.token.code)) return send(response, 400, { error: "invalid_grant" });
  plan.used = [...(plan.used ?? []), told.token.code];
  const accessToken = plan.accessToken ?? `access-${crypto.randomUUID()}`;
  const idToken = await mint(issuer, plan, told.token.code, accessToken);
  return send(response, 200, {
    access_token: accessToken, token_type: "Bearer", id_token: idToken, ...plan.tokenExtra,
  });
}

async function listen(server, scheme) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `${scheme}://127.0.0.1:${server.address().port}`;
}

const handler = (where) => (request, response) =>
  answer(where.origin, request, response).catch((error) => {
    console.error(error);
    send(response, 500, {});
  });
const plain = {};
plain.origin = await listen(http.createServer(handler(plain)), "http");
const over = {};
if (tls) over.origin = await listen(https.createServer(tls, handler(over)), "https");
console.log(JSON.stringify({ origin: plain.origin, tls: over.origin ?? null }));
process.stdin.on("end", () => process.exit(0)).resume();

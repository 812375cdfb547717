import { BASE } from "./base";
import { api, ok, type Schema } from "./client";

export type Session = Schema["ConsoleSession"];
export type SessionTeam = Session["teams"][number];
export type OwnSession = Schema["OwnSession"];
export type OwnIdentity = Schema["OwnIdentity"];
export type SsoProvider = Schema["SignInState"]["providers"][number];

export const readState = () => ok(api.GET("/auth/state"));
export const readSession = () => ok(api.GET("/auth/session"));
/** Where the browser goes to be signed out of its identity provider too; null: nowhere. */
export const signOut = async () => (await ok(api.POST("/auth/logout")))?.end_session_url ?? null;

export const signIn = (body: Schema["SignIn"]) => ok(api.POST("/auth/login", { body }));
export const setUp = (body: Schema["SetUp"]) => ok(api.POST("/auth/setup", { body }));

export const acceptInvitation = (body: Schema["InvitationAcceptance"]) =>
  ok(api.POST("/auth/invitations/accept", { body }));

export const resetPassword = (body: Schema["PasswordReset"]) =>
  ok(api.POST("/auth/reset", { body }));

/** A new password is a new session; all others end. */
export const changePassword = (body: Schema["PasswordChange"]) =>
  ok(api.POST("/auth/password", { body }));

export const listSessions = () => ok(api.GET("/auth/sessions"));
export const endSession = (id: string) =>
  ok(api.DELETE("/auth/sessions/{id}", { params: { path: { id } } }));

export const beginTotp = (body: Schema["PasswordProof"]) => ok(api.POST("/auth/totp", { body }));
export const confirmTotp = (code: string) => ok(api.POST("/auth/totp/confirm", { body: { code } }));
export const endTotp = (body: Schema["PasswordProof"]) => ok(api.DELETE("/auth/totp", { body }));

/** A page of the gateway that leads to the provider; then the browser comes back to `next`. */
export const ssoAddress = (provider: string, next: string) =>
  `${BASE}auth/oidc/${provider}/start?next=${encodeURIComponent(next)}`;

const begin = (provider: string) => ({ params: { path: { provider } } });
export const redeemWith = (provider: string, token: string) =>
  ok(api.POST("/auth/oidc/{provider}/invitation", { ...begin(provider), body: { token } }));
export const linkWith = (provider: string, proof: Schema["OwnProof"]) =>
  ok(api.POST("/auth/oidc/{provider}/link", { ...begin(provider), body: proof }));

export const listIdentities = () => ok(api.GET("/auth/identities"));
export const unlinkIdentity = (id: string, proof: Schema["OwnProof"]) =>
  ok(api.DELETE("/auth/identities/{id}", { params: { path: { id } }, body: proof }));

/** To what redeemWith or linkWith said. */
export const goOn = (to: Schema["SsoBeginning"]) => location.assign(BASE + to.location);

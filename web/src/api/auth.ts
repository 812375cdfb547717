import { api, ok, type Schema } from "./client";

export type Session = Schema["ConsoleSession"];
export type SessionTeam = Session["teams"][number];
export type OwnSession = Schema["OwnSession"];

export const readState = () => ok(api.GET("/auth/state"));
export const readSession = () => ok(api.GET("/auth/session"));
export const signOut = () => ok(api.POST("/auth/logout"));

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

export const beginTotp = (password: string) => ok(api.POST("/auth/totp", { body: { password } }));
export const confirmTotp = (code: string) => ok(api.POST("/auth/totp/confirm", { body: { code } }));
export const endTotp = (body: Schema["PasswordProof"]) => ok(api.DELETE("/auth/totp", { body }));

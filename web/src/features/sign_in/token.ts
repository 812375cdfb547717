/** The token of a link that works once: after the #, which no server and no log gets to see. */
export const tokenOf = (hash: string) =>
  new URLSearchParams(hash.replace(/^#/, "")).get("token") ?? "";

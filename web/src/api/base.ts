/** Where the console is served, with a slash at the end: "/", or "/kw/" under a sub-path. */
export const BASE = import.meta.env.PROD ? new URL("..", import.meta.url).pathname : "/";

/** What an SDK is given as its base URL. */
export const apiUrl = () => `${location.origin}${BASE}v1`;

import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

/**
 * What a page shows, kept in its address so that a link shows the same: only what differs from
 * `usual` stands there. All values are text.
 */
export function useView<View extends Record<string, string>>(usual: View) {
  const search: Record<string, string> = useSearch({ strict: false });
  const navigate = useNavigate();
  const view = Object.fromEntries(
    Object.entries(usual).map(([name, value]) => [name, search[name] ?? value]),
  ) as View;
  const setView = (change: Partial<View>) => {
    void navigate({
      to: ".",
      search: different({ ...search, ...change }, usual),
      replace: true,
      resetScroll: false,
    });
  };
  return [view, setView] as const;
}

export const different = (now: Record<string, string | undefined>, usual: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(now).filter(
      ([name, value]) => value !== undefined && value !== (usual[name] ?? ""),
    ),
  );

/** Search parameters as plain text: TanStack's own way would quote a value that looks like a number. */
export const parseSearch = (text: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(text));

export function stringifySearch(search: Record<string, unknown>): string {
  const text = new URLSearchParams(
    Object.entries(search).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  ).toString();
  return text ? `?${text}` : "";
}

/** The id in the address of a page that shows one thing. */
export function useId(): string {
  const params: Record<string, string | undefined> = useParams({ strict: false });
  return params.id ?? "";
}

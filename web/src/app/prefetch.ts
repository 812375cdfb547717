import { useEffect } from "react";
import { PAGES } from "./pages";
import { may } from "./permissions";
import { useHere } from "./session";

// Any of these says that somebody is there, and may go to another page.
const SIGNS = ["pointermove", "pointerdown", "keydown"] as const;

// Safari has none.
const whenIdle = (work: () => void) =>
  "requestIdleCallback" in window ? requestIdleCallback(work) : setTimeout(work, 200);

/** Once somebody moves, loads the scripts of the pages that they may see, one after another. */
export function usePrefetch() {
  const { session, team } = useHere();
  useEffect(() => {
    const rest = PAGES.filter((page) => may(session, team, page.permission));
    const next = () => {
      const page = rest.shift();
      if (page) whenIdle(() => void page.page.preload?.()?.then(next, () => {}));
    };
    const begin = () => {
      for (const sign of SIGNS) window.removeEventListener(sign, begin);
      next();
    };
    for (const sign of SIGNS) window.addEventListener(sign, begin, { passive: true });
    return () => {
      for (const sign of SIGNS) window.removeEventListener(sign, begin);
      rest.length = 0;
    };
  }, [session, team]);
}

import { useEffect, useState } from "react";
import css from "./toast.module.css";

const SHOWN_MS = 4000;
const listeners = new Set<(text: string) => void>();

/** Says in passing that something was done. What went wrong is said where it went wrong. */
export const toast = (text: string) => listeners.forEach((tell) => tell(text));

export function Toasts() {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    listeners.add(setText);
    return () => void listeners.delete(setText);
  }, []);
  useEffect(() => {
    if (text === null) return;
    const timer = setTimeout(() => setText(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div role="status" className={css.place}>
      {text !== null && <div className={css.toast}>{text}</div>}
    </div>
  );
}

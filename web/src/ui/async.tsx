import { Button, Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { count } from "../format/numbers";
import { t } from "../text/en";
import css from "./layout.module.css";

/** Loading and failed are drawn here, so that no page forgets one. */
export function Async<T>(props: {
  query: UseQueryResult<T>;
  lines?: number;
  /** What stands there meanwhile, where it is no text. */
  like?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  if (query.data !== undefined) return <>{props.children(query.data)}</>;
  if (query.isError) {
    return <Failure error={query.error} again={() => void query.refetch()} />;
  }
  if (props.like) {
    return (
      <div role="status" aria-label={t.ui.loading} className={css.stack}>
        {props.like}
      </div>
    );
  }
  return (
    <div role="status" aria-label={t.ui.loading} className={css.stack}>
      {Array.from({ length: props.lines ?? 4 }, (_, line) => (
        <Skeleton key={line} height={18} width={`${96 - ((line * 23) % 40)}%`} radius="sm" />
      ))}
    </div>
  );
}

/** What went wrong, what to do, and which request it was. */
export function Failure(props: { error: unknown; again?: () => void }) {
  const { error } = props;
  if (!error) return null;
  const known = error instanceof ApiError ? error : null;
  return (
    <div role="alert" className={css.failure}>
      <strong>{error instanceof Error ? error.message : t.errors.unknown}</strong>
      {known?.code === "version_mismatch" && <small>{t.errors.conflict}</small>}
      {known?.help && known.code !== "version_mismatch" && <small>{known.help}</small>}
      {known?.retryAfter && <small>{t.errors.retryAfter(count(known.retryAfter))}</small>}
      {known?.requestId && <small>{t.errors.request(known.requestId)}</small>}
      {props.again && (
        <Button size="compact-sm" variant="default" mt="xs" onClick={props.again}>
          {t.ui.again}
        </Button>
      )}
    </div>
  );
}

import type { ReactNode } from "react";
import { t } from "../text/en";
import { Card, Empty, Page } from "../ui/page";
import { useHere, useMay } from "./session";

/** A page for those who may see it; the others are told why not. */
export function Permitted(props: { permission: string | null; children: ReactNode }) {
  const may = useMay();
  const { team } = useHere();
  if (may(props.permission)) return <>{props.children}</>;
  return (
    <Page title={t.denied.title}>
      <Card>
        <Empty
          title={team ? t.denied.role(t.roles[team.role], team.name) : t.denied.noTeam}
          text={t.denied.help}
        />
      </Card>
    </Page>
  );
}

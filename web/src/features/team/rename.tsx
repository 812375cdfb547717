import { Button } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { useHere } from "../../app/session";
import { t } from "../../text/en";
import { NameDialog } from "../../ui/name_dialog";
import { useChange } from "../../ui/use_change";
import { renameTeam } from "./api";

/** The team's name, as everybody in it sees it. */
export function Rename(props: { of: Schema["Account"] }) {
  const { of } = props;
  const { session, setTeam } = useHere();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const rename = useChange((name: string) => renameTeam({ version: of.version, name }), {
    said: t.ui.saved,
    then: (team) => {
      setOpen(false);
      const isMember = session.teams.some((one) => one.id === team.id);
      if (isMember) void queries.invalidateQueries({ queryKey: ["session"] });
      else setTeam(team);
    },
  });
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPencil size={14} />}
        onClick={() => setOpen(true)}
      >
        {t.team.renameTeam}
      </Button>
      {open && (
        <NameDialog
          title={t.team.renameTeam}
          name={of.name}
          change={rename}
          onSave={(name) => rename.mutate(name)}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

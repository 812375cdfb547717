import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { ApiError, download } from "../api/client";
import { t } from "../text/en";
import { save } from "./save";
import { toast } from "./toast";

const PARTS_MAX = 100;

/** Saves what `path` answers as CSV, all of it: what does not fit into one answer is asked for too. */
export function ExportButton(props: { path: string; query: Record<string, string>; file: string }) {
  const get = useMutation({
    mutationFn: async () => {
      let text = "";
      let after: string | null = null;
      for (let part = 0; part < PARTS_MAX; ++part) {
        const query = new URLSearchParams({ ...props.query, format: "csv" });
        if (after) query.set("after", after);
        const got = await download(`${props.path}?${query}`, "text/csv");
        text += part === 0 ? got.text : got.text.slice(got.text.indexOf("\n") + 1);
        after = got.next;
        if (!after) break;
      }
      save(props.file, "text/csv", text);
    },
    onError: (error) => toast(error instanceof ApiError ? error.message : t.errors.unknown),
  });
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} />}
      loading={get.isPending}
      onClick={() => get.mutate()}
    >
      {t.ui.exportCsv}
    </Button>
  );
}

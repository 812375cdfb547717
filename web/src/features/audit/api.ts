import { useInfiniteQuery } from "@tanstack/react-query";
import { api, download, ok, type Schema } from "../../api/client";
import { BEGINNING, verify, type AuditLine, type Verdict } from "./verify";

export type AuditRow = Schema["AuditRow"];

const PAGE = 100;
const PARTS_MAX = 1000;

export const useAudit = () =>
  useInfiniteQuery({
    queryKey: ["audit"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      ok(
        api.GET("/v1/account/audit", {
          params: { query: { limit: PAGE, ...(pageParam ? { after: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => (page.has_more ? page.next : null),
  });

/** The whole log, a part at a time. */
export async function eachPart(take: (text: string) => Promise<boolean>): Promise<void> {
  let from = "0";
  for (let part = 0; part < PARTS_MAX; ++part) {
    const got = await download(
      `/v1/account/audit/export?from=${encodeURIComponent(from)}`,
      "application/x-ndjson",
    );
    if (!(await take(got.text)) || !got.next) return;
    from = got.next;
  }
}

export async function verifyAll(): Promise<Verdict> {
  let verdict = BEGINNING;
  await eachPart(async (text) => {
    const lines = text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditLine);
    verdict = await verify(lines, verdict);
    return verdict.brokenAt === null;
  });
  return verdict;
}

export async function exportAll(): Promise<string> {
  let all = "";
  await eachPart((text) => {
    all += text;
    return Promise.resolve(true);
  });
  return all;
}

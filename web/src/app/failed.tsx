import { Button } from "@mantine/core";
import { t } from "../text/en";
import { Failure } from "../ui/async";
import { Page } from "../ui/page";

/** A page that broke. Most often a new version has taken the place of the one that is open. */
export function Failed(props: { error: unknown }) {
  return (
    <Page title={t.broken.title}>
      <Failure error={props.error} />
      <p>{t.broken.text}</p>
      <div>
        <Button onClick={() => location.reload()}>{t.broken.reload}</Button>
      </div>
    </Page>
  );
}

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A way to another page that looks like the thing to do. */
export const LinkButton = (props: {
  to: string;
  search?: Record<string, string>;
  size?: string;
  variant?: string;
  leftSection?: ReactNode;
  children: ReactNode;
}) => (
  <Button
    size={props.size}
    variant={props.variant ?? "filled"}
    leftSection={props.leftSection}
    renderRoot={(root: object) => <Link to={props.to} search={props.search ?? {}} {...root} />}
  >
    {props.children}
  </Button>
);

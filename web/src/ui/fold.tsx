import { Button, Collapse } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import css from "./layout.module.css";

/** What few people need, folded away. `closed`: what is said as long as it is. */
export function Fold(props: { label: string; closed?: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <>
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<Chevron size={16} />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {props.label}
        </Button>
        {props.closed && !open && <p className={css.note}>{props.closed}</p>}
      </div>
      <Collapse expanded={open}>{props.children}</Collapse>
    </>
  );
}

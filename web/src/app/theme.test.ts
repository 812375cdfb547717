import { readFileSync, writeFileSync } from "node:fs";
import { DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from "@mantine/core";
import { expect, test } from "vitest";
import { theme } from "./theme";

// Mantine would write these into a <style> element, which the CSP refuses.
function written(): string {
  const ours = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const theirs = defaultCssVariablesResolver(DEFAULT_THEME);
  const block = (head: string, of: "variables" | "light" | "dark") => {
    const before: Record<string, string> = theirs[of];
    const lines = Object.entries(ours[of])
      .filter(([name, value]) => before[name] !== value)
      .map(([name, value]) => `  ${name}: ${value};\n`);
    return `${head} {\n${lines.join("")}}\n`;
  };
  return (
    "/* From theme.ts, by theme.test.ts: UPDATE=1 npm test */\n" +
    block(":root", "variables") +
    block(':root[data-mantine-color-scheme="light"]', "light") +
    block(':root[data-mantine-color-scheme="dark"]', "dark")
  );
}

test("the style sheet says what the theme says", () => {
  const file = new URL("theme.gen.css", import.meta.url);
  if (process.env.UPDATE) writeFileSync(file, written());
  expect(readFileSync(file, "utf8")).toBe(written());
});

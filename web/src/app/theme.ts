import { Drawer, Menu, Modal, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Verdigris: what old locks and copper roofs wear. */
const warden: MantineColorsTuple = [
  "#e8f7f4",
  "#d2ece7",
  "#a6d9d0",
  "#74c4b7",
  "#4cb2a2",
  "#31a594",
  "#1d8f7f",
  "#0d7467",
  "#0a6459",
  "#064d45",
];

/** Greys with a little of it. */
const dark: MantineColorsTuple = [
  "#e4eae8",
  "#c3ccc9",
  "#9aa6a2",
  "#6d7875",
  "#3c4845",
  "#2f3a37",
  "#1e2624",
  "#171e1c",
  "#131918",
  "#101514",
];

// lockScroll would write a <style> element, which the CSP refuses.
export const theme = createTheme({
  colors: { warden, dark },
  primaryColor: "warden",
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: "620" },
  components: {
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true, radius: "lg" } }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false } }),
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
  },
});

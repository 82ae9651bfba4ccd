/** Mantine in the page's own colours and sizes; the values live in tokens.css. */

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The accent of tokens.css from pale to deep. */
const ACCENT: MantineColorsTuple = [
  "#ecebfc",
  "#d9d8fa",
  "#bfbdf6",
  "#a5a3ff",
  "#8a86f2",
  "#6f69e6",
  "#5a52da",
  "#4338ca",
  "#372eae",
  "#2c248f",
];

/** The greys of the dark theme from text to ground; Mantine draws its inputs with them. */
const DARK: MantineColorsTuple = [
  "#e6e8ed",
  "#c4cad4",
  "#a3abb8",
  "#6b7482",
  "#434a57",
  "#2a2f39",
  "#1f232b",
  "#16191f",
  "#101216",
  "#0b0d10",
];

export const theme = createTheme({
  colors: { accent: ACCENT, dark: DARK },
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  defaultRadius: 6,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "15px", xl: "18px" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs" } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false } },
  },
});

/** Mantine keeps these per theme; ours already differ by theme in tokens.css. */
const COLORS = {
  "--mantine-color-body": "var(--ground)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-bright": "var(--text)",
  "--mantine-color-dimmed": "var(--text-2)",
  "--mantine-color-placeholder": "var(--text-2)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--raised)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--line-strong)",
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: COLORS, dark: COLORS });

/** The page's icons: one 16-unit grid, one stroke. Decoration only; the word beside it carries the meaning. */

const SHAPES = {
  overview: "M2.5 2.5h5v6h-5ZM9.5 2.5h4v3h-4ZM9.5 7.5h4v6h-4ZM2.5 10.5h5v3h-5Z",
  map: "M4 5.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM12 9.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM4.5 14a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM5.5 4.5l5 2.8M6 11.5l4.6-2.6",
  trends: "M2.5 2.5v11h11M4.8 10.2l2.7-3.4 2.3 2 3.4-4.6",
  bell: "M8 2.2a3.6 3.6 0 0 0-3.6 3.6c0 3.4-1.6 4.4-1.6 5.5h10.4c0-1.1-1.6-2.1-1.6-5.5A3.6 3.6 0 0 0 8 2.2ZM6.6 13.7h2.8",
  actors:
    "M5.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM2 13.5v-1a3.5 3.5 0 0 1 7 0v1M10.5 3a2 2 0 0 1 0 3.6M11 9.3a3.5 3.5 0 0 1 3 3.2v1",
  workflows: "M2.5 2.5h4v4h-4ZM9.5 9.5h4v4h-4ZM6.5 4.5h3a2 2 0 0 1 2 2v3",
  runs: "M8 4.5V8l2.3 1.6M3 4.6A6 6 0 1 1 2 8M2.6 2v3h3",
  logs: "M2.5 3.5h11M2.5 6.5h7M2.5 9.5h9M2.5 12.5h5",
  link: "M6.5 3.5h-3v9h9v-3M9.5 2.5h4v4M13.2 2.8 8 8",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z",
  screen: "M2 3h12v8H2ZM6 13.5h4M8 11v2.5",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.3 10.3l3.2 3.2",
  filter: "M2.5 3.5h11L9.5 8.5v4l-3-1.5v-2.5Z",
  close: "M4 4l8 8M12 4l-8 8",
  down: "M8 3v9.5M4.2 8.8 8 12.6l3.8-3.8",
  up: "M8 13V3.5M4.2 7.2 8 3.4l3.8 3.8",
  folded: "M6 3.5 10.5 8 6 12.5",
  unfolded: "M3.5 6 8 10.5 12.5 6",
  notice: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.3v3.6M8 5v.1",
  play: "M5 3.2v9.6L12.5 8Z",
  stop: "M4 4h8v8H4Z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  check: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.4 8.2l1.8 1.8 3.4-3.9",
  cross: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2",
  ring: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Z",
  dots: "M8 2.2v.1M12.1 3.9v.1M13.8 8v.1M12.1 12.1v.1M8 13.8v.1M3.9 12.1v.1M2.2 8v.1M3.9 3.9v.1",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.4",
  slash: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM3.8 3.8l8.4 8.4",
  skip: "M3.5 4v8L9 8ZM12 4v8",
  question: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.4a1.7 1.7 0 1 1 2.4 1.5c-.5.3-.7.6-.7 1.1M8 11.2v.1",
  warning: "M8 2.5 14.3 13.5H1.7ZM8 6.8v3M8 11.7v.1",
  spinner: "M8 2.4a5.6 5.6 0 1 1-5.6 5.6",
  disc: "M8 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z",
} as const;

const FILLED: ReadonlySet<IconName> = new Set(["play", "stop", "disc"]);

export type IconName = keyof typeof SHAPES;

type IconProps = { name: IconName; size?: number; className?: string | undefined };

export function Icon({ name, size = 16, className }: IconProps) {
  return (
    <svg
      aria-hidden="true"
      className={className}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={FILLED.has(name) ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth={name === "dots" ? 2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}

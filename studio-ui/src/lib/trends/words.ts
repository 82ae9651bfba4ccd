/** Values and moments of a history as text. */

import type { HistoryUnit } from "../../api/history";
import { formatDuration, formatFigure, formatMillis, formatRate, formatTime, UNKNOWN } from "../format";

/** A value with its unit; unknown is an en dash. */
export function formatValue(unit: HistoryUnit, value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  switch (unit) {
    case "perSecond":
      return formatRate(value);
    case "ms":
      return formatMillis(value);
    case "bytes":
      return formatBytes(value);
    case "cores":
      return `${formatFigure(value)} ${value === 1 ? "core" : "cores"}`;
    case "share":
      return `${formatFigure(value * 100)} %`;
    case "count":
      return formatFigure(value);
  }
}

/** What stands beside the title of a picture, so that the numbers at its side need not say it. */
export const UNIT_WORDS: Record<HistoryUnit, string> = {
  perSecond: "a second",
  count: "",
  ms: "",
  bytes: "",
  cores: "cores",
  share: "",
};

/** A value at the side of a picture: as short as it is exact. */
export function formatTick(unit: HistoryUnit, value: number): string {
  if (unit === "bytes") return formatBytes(value);
  if (unit === "share") return `${short(value * 100)} %`;
  if (unit !== "ms" || value === 0) return short(value);
  if (value < 1) return `${short(value * 1000)} µs`;
  if (value < 1000) return `${short(value)} ms`;
  return formatLength(value);
}

/** A length of time without a second unit that is none: `10 s`, `2m`, `1m 30s`. */
export function formatLength(millis: number): string {
  return millis < 60_000 ? `${short(millis / 1000)} s` : formatDuration(millis).replace(/ 00[smh]$/, "");
}

const PREFIXES = ["", "k", "M", "G", "T"];

function short(value: number): string {
  let size = value;
  let prefix = 0;
  while (size >= 1000 && prefix < PREFIXES.length - 1) {
    size /= 1000;
    prefix += 1;
  }
  return `${Number(size.toPrecision(4))}${PREFIXES[prefix]}`;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  // What would be written as 1,024 of one is 1 of the next.
  while (Math.abs(size) >= 1023.5 && unit < BYTES.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${formatFigure(size)} ${BYTES[unit]}`;
}

/** The step that begins at a moment: its second, or from when to when it is where it is longer. */
export function formatStep(at: number, step: number, isSameDay: boolean): string {
  const time = (millis: number) => formatTime(new Date(millis).toISOString());
  const day = isSameDay ? "" : `${formatDay(at)} `;
  if (step < 60_000) return `${day}${time(at)}`;
  return `${day}${time(at).slice(0, 5)}–${time(at + step).slice(0, 5)}`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Mon 1 Dec`, in the time of this computer. */
export function formatDay(millis: number): string {
  const at = new Date(millis);
  return `${DAYS[at.getDay()]} ${at.getDate()} ${MONTHS[at.getMonth()]}`;
}

export function isOneDay(from: number, to: number): boolean {
  return new Date(from).toDateString() === new Date(to).toDateString();
}

/** Lengths of time as they are typed: `90`, `90s`, `5m`, `1h 30m`; in seconds. */

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const PART = /(\d+(?:\.\d+)?)\s*([a-z]*)\s*/gy;

/** Undefined where it is no length. A number alone is seconds. */
export function readLength(typed: string): number | undefined {
  const text = typed.trim().toLowerCase();
  if (text === "") return undefined;
  let sum = 0;
  let end = 0;
  for (const [part, number, unit = ""] of text.matchAll(PART)) {
    const factor = UNITS[unit === "" ? "s" : unit.slice(0, 1)];
    if (factor === undefined || (unit !== "" && !/^(s|sec|m|min|h|d)$/.test(unit))) return undefined;
    sum += Number(number) * factor;
    end += part.length;
  }
  return end === text.length ? Math.round(sum) : undefined;
}

export function printLength(seconds: number): string {
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNITS[unit] ?? 1;
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(" ") || "0s";
}

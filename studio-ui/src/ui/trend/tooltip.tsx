import type { HistoryUnit } from "../../api/history";
import { formatStep, formatValue, isOneDay } from "../../lib/trends/words";
import { Name } from "../name";
import { indexAt, type Steps } from "./cursor";
import styles from "./over.module.css";
import type { Look, TrendLine } from "./panels";
import { Swatch } from "./swatch";

type TooltipProps = {
  steps: Steps;
  lines: readonly TrendLine[];
  looks: readonly Look[];
  unit: HistoryUnit;
  at: number;
  /** Where the cursor is, from 0 to 1. */
  place: number;
};

/** The moment under the pointer and the value of each line then, the greatest first. */
export function Tooltip({ steps, lines, looks, unit, at, place }: TooltipProps) {
  const index = indexAt(steps, at);
  const rows = lines.map((line, order) => ({
    line,
    look: looks[order],
    value: line.values[index] ?? undefined,
    max: line.max[index],
  }));
  if (lines.length > 1) rows.sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
  return (
    <div className={styles.tooltip} data-side={place > 0.5 ? "left" : "right"} style={sideOf(place)}>
      <div className={styles.time}>{formatStep(at, steps.step, isOneDay(steps.from, steps.to))}</div>
      {rows.map(({ line, look, value, max }) => (
        <div key={line.name} className={styles.row}>
          {lines.length > 1 && look && <Swatch look={look} />}
          {lines.length > 1 && <Name of={line.name} cut />}
          <strong>{value === undefined ? "not measured" : formatValue(unit, value)}</strong>
          {lines.length === 1 && value !== undefined && max != null && max > value && (
            <span className="dim">at most {formatValue(unit, max)}</span>
          )}
        </div>
      ))}
    </div>
  );
}

/** Beside the cursor on the side that has more room, and no wider than it. */
function sideOf(place: number) {
  const percent = (share: number) => `${(share * 100).toFixed(3)}%`;
  const room = `calc(${percent(Math.max(place, 1 - place))} - 10px)`;
  return place > 0.5
    ? { right: `calc(${percent(1 - place)} + 10px)`, maxWidth: room }
    : { left: `calc(${percent(place)} + 10px)`, maxWidth: room };
}

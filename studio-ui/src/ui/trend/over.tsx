import { type KeyboardEvent, type PointerEvent, useRef, useSyncExternalStore } from "react";
import type { HistoryUnit } from "../../api/history";
import type { Scale } from "../../lib/trends/scale";
import { formatStep, formatValue, isOneDay } from "../../lib/trends/words";
import { visible } from "../../lib/visible";
import { type CursorAt, indexAt, momentAt, moved, type Steps, shareOf, type TrendCursor } from "./cursor";
import { Marks } from "./marks";
import type { TrendMarks } from "./marks-model";
import styles from "./over.module.css";
import type { Look, TrendLine, TrendPanelShape } from "./panels";
import { Tooltip } from "./tooltip";

/** Why there are no lines, where there are none. */
export type OverState = "loading" | "empty" | "hidden" | "drawn";

const NONE_WORDS: Partial<Record<OverState, string>> = { empty: "nothing was measured", hidden: "no line is shown" };

type OverProps = {
  shape: TrendPanelShape;
  steps: Steps;
  lines: readonly TrendLine[];
  looks: readonly Look[];
  scale: Scale;
  cursor: TrendCursor;
  since: number | null | undefined;
  state: OverState;
  marks?: TrendMarks | undefined;
  onZoom?: ((from: number, to: number) => void) | undefined;
  onBack?: (() => void) | undefined;
};

/** A drag of less is a click, in pixels. */
const LEAST_DRAG = 5;

/** What lies over the lines: the cursor, its values, and the stretch that is chosen by a drag or by Shift and arrows. */
export function Over(props: OverProps) {
  const { shape, steps, lines, looks, scale, cursor, since, state, marks, onZoom, onBack } = props;
  const pressed = useRef<number | undefined>(undefined);
  const here = useSyncExternalStore(cursor.subscribe, cursor.get);
  const set = (at: number, anchor: number | undefined, isSpoken = false) =>
    cursor.set({ at, anchor, panel: shape.key, isSpoken });
  const zoom = ({ at, anchor }: CursorAt) => {
    set(at, undefined);
    if (anchor !== undefined) onZoom?.(Math.min(at, anchor), Math.max(at, anchor) + steps.step);
  };
  const momentUnder = (event: PointerEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return width > 0 ? momentAt(steps, (event.clientX - left) / width) : undefined;
  };
  const down = (event: PointerEvent) => {
    const at = momentUnder(event);
    if (at === undefined || event.button !== 0) return;
    pressed.current = event.clientX;
    set(at, undefined);
    if (onZoom && event.pointerType === "mouse") event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    const at = momentUnder(event);
    if (at === undefined) return;
    const start = pressed.current;
    const drags = onZoom !== undefined && start !== undefined && Math.abs(event.clientX - start) >= LEAST_DRAG;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    set(at, drags ? momentAt(steps, (start - left) / width) : undefined);
  };
  const up = () => {
    pressed.current = undefined;
    const now = cursor.get();
    if (now?.anchor !== undefined && now.panel === shape.key) zoom(now);
  };
  // The browser made something else of it: a finger scrolls.
  const cancel = () => {
    pressed.current = undefined;
    if (cursor.get()?.panel === shape.key) cursor.set(undefined);
  };
  const leave = () => {
    // A drag goes on outside.
    if (pressed.current === undefined && cursor.get()?.panel === shape.key) cursor.set(undefined);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const now = cursor.get();
    const at = moved(steps, now?.at, event.key);
    if (at !== undefined) set(at, event.shiftKey && onZoom ? (now?.anchor ?? now?.at ?? at) : undefined, true);
    else if (event.key === "Enter" && now?.anchor !== undefined) zoom(now);
    else if (event.key === "Escape" && now !== undefined) cursor.set(undefined);
    else if (event.key === "Backspace" && onBack) onBack();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const place = here && shareOf(steps, here.at);
  const from = here?.anchor === undefined ? undefined : shareOf(steps, here.anchor);
  const isActive = here?.panel === shape.key;
  const unkept = since === null || since === undefined ? undefined : shareOf(steps, since);
  return (
    <div
      role="application"
      aria-roledescription="picture over time"
      aria-label={`${shape.title} over time`}
      aria-keyshortcuts={KEYS}
      tabIndex={0}
      className={styles.over}
      data-state={state}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={cancel}
      onPointerLeave={leave}
      onDoubleClick={onBack}
      onKeyDown={key}
      onBlur={() => cursor.get()?.isSpoken && cursor.set(undefined)}
    >
      {unkept !== undefined && state === "drawn" && unkept > 0 && (
        <div className={styles.unkept} style={{ width: percent(unkept) }} title="Nothing is kept of this time." />
      )}
      {marks && state !== "loading" && <Marks marks={marks} steps={steps} scale={scale} unit={shape.unit} />}
      {NONE_WORDS[state] && (
        <span className={styles.none}>
          {state === "empty" && shape.unit === "ms" ? "times are measured while somebody looks" : NONE_WORDS[state]}
        </span>
      )}
      {from !== undefined && place !== undefined && (
        <div
          className={styles.chosen}
          style={{ left: percent(Math.min(from, place)), width: percent(Math.abs(place - from)) }}
        />
      )}
      {here && place !== undefined && state === "drawn" && (
        <>
          <div className={styles.cursor} style={{ left: percent(place) }} />
          <Points {...{ steps, lines, looks, scale }} at={here.at} left={percent(place)} />
          {isActive && <Tooltip {...{ steps, lines, looks }} unit={shape.unit} at={here.at} place={place} />}
        </>
      )}
      <span aria-live="polite" className="visually-hidden">
        {isActive && here.isSpoken ? spoken(shape.title, shape.unit, steps, lines, here) : ""}
      </span>
    </div>
  );
}

const KEYS = "ArrowLeft ArrowRight PageUp PageDown Home End Shift+ArrowLeft Shift+ArrowRight Enter Escape Backspace";

type PointsProps = Pick<OverProps, "steps" | "lines" | "looks" | "scale"> & { at: number; left: string };

/** Where the lines are at the cursor. */
function Points({ steps, lines, looks, scale, at, left }: PointsProps) {
  const index = indexAt(steps, at);
  return lines.map(({ name, values }, place) => {
    const value = values[index];
    if (value === null || value === undefined) return null;
    const look = looks[place];
    return (
      <span
        key={name}
        className={styles.point}
        style={{ left, bottom: percent(value / scale.top), background: `var(${look?.color ?? "--accent"})` }}
      />
    );
  });
}

/** What stands under the cursor, in words. */
export function spoken(
  title: string,
  unit: HistoryUnit,
  steps: Steps,
  lines: readonly TrendLine[],
  { at, anchor }: Pick<CursorAt, "at" | "anchor">,
): string {
  const sameDay = isOneDay(steps.from, steps.to);
  const index = indexAt(steps, at);
  const of = ({ values }: TrendLine) => {
    const value = values[index];
    return value === null || value === undefined ? "not measured" : formatValue(unit, value);
  };
  const [first] = lines;
  const values =
    lines.length === 1 && first
      ? `${title} ${of(first)}`
      : lines.map((line) => `${visible(line.name)} ${of(line)}`).join(", ");
  const time = formatStep(at, steps.step, sameDay);
  return anchor === undefined || anchor === at
    ? `${time}: ${values}`
    : `From ${formatStep(Math.min(at, anchor), 1000, sameDay)} to ${formatStep(Math.max(at, anchor), 1000, sameDay)}, Enter shows it`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}

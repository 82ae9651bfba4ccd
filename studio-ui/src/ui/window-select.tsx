import { SegmentedControl } from "@mantine/core";
import { WINDOWS, type WindowSeconds } from "../lib/window";

type WindowSelectProps = { value: WindowSeconds; onChange: (value: WindowSeconds) => void };

const WORDS: Record<WindowSeconds, string> = { 60: "60 s", 300: "5 min", 600: "10 min" };

/** Over which time rates and percentiles are meant. */
export function WindowSelect({ value, onChange }: WindowSelectProps) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Over the last"
      data={WINDOWS.map((seconds) => ({ value: String(seconds), label: WORDS[seconds] }))}
      value={String(value)}
      onChange={(chosen) => onChange(WINDOWS.find((seconds) => String(seconds) === chosen) ?? value)}
    />
  );
}

/** The stretches of time that rates and percentiles are asked for, in seconds. */

export const WINDOWS = [60, 300, 600] as const;

export type WindowSeconds = (typeof WINDOWS)[number];

/** The one that an address need not name. */
export const SHORTEST: WindowSeconds = 60;

/** The one that an address names; a minute where it names none. */
export function readWindow(value: unknown): WindowSeconds {
  return WINDOWS.find((seconds) => seconds === Number(value)) ?? SHORTEST;
}

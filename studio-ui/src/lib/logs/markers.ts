/** What the runner writes at the start of a line to say what the line is: `##[error]`, `##[group]` and their like. */

export type Level = "error" | "warning" | "notice" | "debug";
export type Marker = Level | "group" | "endgroup";

const MARKER = /^##\[(error|warning|notice|debug|group|endgroup)\]/;

export function markerOf(message: string): Marker | undefined {
  // Most lines have none, and there are many of them.
  if (!message.startsWith("##[")) return undefined;
  return MARKER.exec(message)?.[1] as Marker | undefined;
}

/** The line without its marker; one that says something else stays as it is. */
export function parseMarker(message: string): { marker: Marker | undefined; text: string } {
  const marker = markerOf(message);
  return { marker, text: marker === undefined ? message : message.slice(marker.length + "##[]".length) };
}

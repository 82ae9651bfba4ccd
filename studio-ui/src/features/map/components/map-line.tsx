import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath, Position } from "@xyflow/react";
import styles from "./map-graph.module.css";

export type MapLineData = { rate: number /** Where there is room for one. */; figure: string | undefined };

/** A line as wide as its rate says; what moves along it moves faster the more there is of it. */
export function MapLine(props: EdgeProps<Edge<MapLineData>>) {
  const { data, markerEnd } = props;
  const { path, x, y } = wayOf(props);
  const rate = data?.rate ?? 0;
  const magnitude = Math.log10(1 + Math.max(0, rate));
  return (
    <>
      <BaseEdge
        path={path}
        {...(markerEnd !== undefined && { markerEnd })}
        className={styles.stream ?? ""}
        style={{
          strokeWidth: 1 + Math.min(5, 1.2 * magnitude),
          animationDuration: `${(1.6 / (1 + magnitude)).toFixed(2)}s`,
          ...(rate === 0 && { animation: "none" }),
        }}
      />
      {data?.figure !== undefined && (
        <EdgeLabelRenderer>
          <span className={styles.figure} style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
            {data.figure}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

/** How far beside the nodes a line goes that leads back. */
const ASIDE = 76;

/** From node to node; one that leads back goes around them, beside the line that leads there. */
function wayOf(props: EdgeProps): { path: string; x: number; y: number } {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props;
  const down = sourcePosition === Position.Bottom;
  if (down ? targetY > sourceY : targetX > sourceX) {
    const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
    return { path, x, y };
  }
  const [dx, dy] = down ? [2 * ASIDE, 40] : [ASIDE, ASIDE];
  const first = `${sourceX + dx},${sourceY + dy}`;
  const second = down ? `${targetX + dx},${targetY - dy}` : `${targetX - dx},${targetY + dy}`;
  // The middle of a curve is three quarters of the way to its handles.
  const [mx, my] = [(sourceX + targetX) / 2, (sourceY + targetY) / 2];
  return {
    path: `M${sourceX},${sourceY} C${first} ${second} ${targetX},${targetY}`,
    x: down ? mx + 0.75 * dx : mx,
    y: down ? my : my + 0.75 * dy,
  };
}

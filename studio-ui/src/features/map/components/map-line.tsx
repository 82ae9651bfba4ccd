import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import styles from "./map-graph.module.css";

export type MapLineData = { rate: number /** Where there is room for one. */; figure: string | undefined };

/** A line as wide as its rate says; what moves along it moves faster the more there is of it. */
export function MapLine(props: EdgeProps<Edge<MapLineData>>) {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data } = props;
  const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const rate = data?.rate ?? 0;
  const magnitude = Math.log10(1 + Math.max(0, rate));
  return (
    <>
      <BaseEdge
        path={path}
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

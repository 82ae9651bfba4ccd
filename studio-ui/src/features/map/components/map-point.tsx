import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import type { MapNode } from "../../../api/inside";
import { formatCount, formatRate } from "../../../lib/format";
import { visible } from "../../../lib/visible";
import { Icon } from "../../../ui/icon";
import { Name } from "../../../ui/name";
import { HEAT_WORDS, type Heat, heatOf, heatText } from "../model/heat";
import { type Direction, OUTSIDE } from "../model/shape";
import styles from "./map-graph.module.css";

export type MapPointData = {
  node: MapNode;
  /** What it sends to itself, per second. */
  own: number | undefined;
  heat: Heat;
  verb: string;
  direction: Direction;
  /** Whether it is the one that the keyboard stops at. */
  stop: boolean;
  onOpen: (id: string) => void;
  onFocus: (id: string) => void;
};

export function MapPoint({ data }: NodeProps<Node<MapPointData>>) {
  const { node, own, heat, verb, direction, stop, onOpen, onFocus } = data;
  return (
    <>
      <Handle type="target" position={direction === "down" ? Position.Top : Position.Left} className={styles.handle} />
      {node.id === OUTSIDE ? (
        <div className={styles.outside}>outside of all actors</div>
      ) : (
        <button
          type="button"
          className={`nodrag nopan ${styles.point}`}
          data-point={node.id}
          data-heat={heatOf(node, heat)}
          tabIndex={stop ? 0 : -1}
          title={`${verb} ${visible(node.id)}`}
          onFocus={() => onFocus(node.id)}
          onClick={() => onOpen(node.id)}
        >
          <span className={styles.name}>
            <Name of={node.id} cut />
            {node.count > 1 && <span className={styles.count}>×{formatCount(node.count)}</span>}
            <Failed node={node} />
          </span>
          <span className={styles.line}>
            <span>
              {formatRate(node.rate)}
              {own !== undefined && <span title="of these sent by itself"> ↻ {formatRate(own)}</span>}
            </span>
            <span className={styles.heat}>
              {heatText(node, heat) ?? <span className="visually-hidden">no {HEAT_WORDS[heat]}</span>}
            </span>
          </span>
        </button>
      )}
      <Handle
        type="source"
        position={direction === "down" ? Position.Bottom : Position.Right}
        className={styles.handle}
      />
    </>
  );
}

function Failed({ node: { status = {} } }: { node: MapNode }) {
  const failed = (status.failed ?? 0) + (status.stale ?? 0);
  if (failed === 0) return null;
  return (
    <span className={styles.failed} title={`${formatCount(failed)} failed or stale`}>
      <Icon name="cross" size={12} />
      {formatCount(failed)}
    </span>
  );
}

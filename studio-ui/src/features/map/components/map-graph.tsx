import "@xyflow/react/dist/base.css";
import { useMediaQuery } from "@mantine/hooks";
import { Controls, type Edge, MarkerType, type Node, ReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { formatRate } from "../../../lib/format";
import { UNMARKED } from "../../../ui/graph";
import type { Heat } from "../model/heat";
import { type Drawn, grown, NO_SHAPE, neighbour, OUTSIDE, place, type Shape } from "../model/shape";
import styles from "./map-graph.module.css";
import { MapLine, type MapLineData } from "./map-line";
import { MapPoint, type MapPointData } from "./map-point";

const NODE_TYPES = { point: MapPoint };
const EDGE_TYPES = { line: MapLine };
const NARROW = "(max-width: 1000px)";
const ARROW = {
  type: MarkerType.ArrowClosed,
  color: "var(--accent)",
  width: 14,
  height: 14,
  markerUnits: "userSpaceOnUse",
};
/** Around the nodes; below them stand the buttons. */
const FIT = { maxZoom: 1, padding: { x: "24px", top: "24px", bottom: "56px" } } as const;
/** More figures than this on lines hide each other. */
const MOST_FIGURES = 60;

type MapGraphProps = {
  drawn: Drawn;
  heat: Heat;
  paused: boolean;
  /** What a click on a node does, in a word. */
  verb: string;
  onOpen: (id: string) => void;
};

/** Who sends to whom. Nodes stay where they are while rates change; one of them has the keyboard, arrows go to the next. */
export function MapGraph({ drawn, heat, paused, verb, onOpen }: MapGraphProps) {
  const shape = useShape(drawn);
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const direction = narrow ? "down" : "right";
  const places = useMemo(() => place(shape, direction), [shape, direction]);
  const [current, setCurrent] = useState<string | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const focused = places.some(({ id }) => id === current) ? current : places.find(({ id }) => id !== OUTSIDE)?.id;
  const nodes = useMemo<Node<MapPointData>[]>(() => {
    const byId = new Map(drawn.nodes.map((node) => [node.id, node]));
    return places.flatMap(({ id, x, y }) => {
      const node = byId.get(id);
      if (node === undefined) return [];
      const own = drawn.edges.find(({ from, to }) => from === id && to === id)?.rate;
      const stop = id === focused;
      const data = { node, own, heat, verb, direction, stop, onOpen, onFocus: setCurrent } as const;
      return { id: `n${id}`, type: "point", position: { x, y }, data };
    });
  }, [places, drawn, heat, verb, direction, focused, onOpen]);
  const edges = useMemo<Edge<MapLineData>[]>(() => {
    const figures = drawn.edges.length <= MOST_FIGURES;
    return drawn.edges
      .filter(({ from, to }) => (from ?? OUTSIDE) !== to)
      .map(({ from, to, rate }) => ({
        id: JSON.stringify([from, to]),
        source: `n${from ?? OUTSIDE}`,
        target: `n${to}`,
        type: "line",
        markerEnd: ARROW,
        focusable: false,
        data: { rate, figure: figures ? formatRate(rate) : undefined },
      }));
  }, [drawn]);
  const go = (event: KeyboardEvent) => {
    const next = focused === undefined ? undefined : neighbour(places, focused, event.key);
    if (next === undefined) return;
    event.preventDefault();
    setCurrent(next);
    box.current?.querySelector<HTMLElement>(`[data-point=${CSS.escape(next)}]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame of its own.
    <div
      role="group"
      ref={box}
      className={styles.graph}
      data-paused={paused || undefined}
      aria-label="Who sends to whom; arrow keys go from one to the next"
      onKeyDown={go}
    >
      <ReactFlow
        key={direction + shape.key}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        fitView
        fitViewOptions={FIT}
        minZoom={0.05}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        proOptions={UNMARKED}
      >
        <Controls showInteractive={false} orientation="horizontal" fitViewOptions={FIT} />
      </ReactFlow>
    </div>
  );
}

/** What is laid out only grows while the page is open. */
function useShape(drawn: Drawn): Shape {
  const [shape, setShape] = useState(() => grown(NO_SHAPE, drawn));
  const next = grown(shape, drawn);
  if (next !== shape) setShape(next);
  return next;
}

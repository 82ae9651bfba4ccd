import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";
import { BASE } from "../api/base";

/** Leads to a page of ours whose path came from outside; what is no such path leads nowhere. */
export function InnerLink({ path, children }: { path: string; children: ReactNode }) {
  const { history } = useRouter();
  if (!/^\/(?![/\\])/.test(path)) return children;
  const href = BASE + path;
  const go = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.push(href);
  };
  return (
    <a href={href} onClick={go}>
      {children}
    </a>
  );
}

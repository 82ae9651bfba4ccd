/**
 * The workspace that the page is about: one for as long as the page lives. Another one is opened as a page of its own, so that nothing
 * of the one before is left. It stands in the address, and all that is asked names it, here, in one place.
 */

import { BASE } from "./base";

/** How it is called in an address. */
export const PARAMETER = "workspace";
const HEADER = "loom-workspace";

let workspace = readWorkspace(
  typeof window === "undefined" ? undefined : new URLSearchParams(window.location.search).get(PARAMETER),
);

/** Its name; nothing where the address has none, which is the first of whoever looks. */
export function getWorkspace(): string | undefined {
  return workspace;
}

/** From now on the page names the one that it is about. */
export function setWorkspace(name: string | undefined): void {
  workspace = name;
}

/** The name that an address has, whatever may be meant by it; the router writes what looks like a number in quotes. */
export function readWorkspace(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return String(value).replace(/^"(.*)"$/, "$1");
}

/** What to send with a request. */
export function workspaceHeader(): Record<string, string> {
  // What is no name is sent as something that is none either, and that a header can carry.
  return workspace === undefined ? {} : { [HEADER]: encodeURIComponent(workspace) };
}

/** An address that is opened without our headers: a link, or a socket's. */
export function inWorkspace(address: string): string {
  if (workspace === undefined) return address;
  return `${address}${address.includes("?") ? "&" : "?"}${PARAMETER}=${encodeURIComponent(workspace)}`;
}

/** Where the page of another one begins. */
export function workspaceAddress(name: string): string {
  return `${BASE}/?${PARAMETER}=${encodeURIComponent(name)}`;
}

/** Opens another one, from the start. */
export function openWorkspace(name: string): void {
  window.location.assign(workspaceAddress(name));
}

/** The path under which something in front of the studio offers the page: empty, or such as `/loom`. */
export const BASE = basePath(typeof document === "undefined" ? undefined : document.baseURI);

export function basePath(baseUri: string | undefined): string {
  // A document without an address of its own (`about:blank`) is under no path.
  if (!baseUri?.startsWith("http")) return "";
  return new URL(".", baseUri).pathname.replace(/\/+$/, "");
}

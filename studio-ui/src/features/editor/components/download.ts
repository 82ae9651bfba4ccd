/** Gives a text to the browser as a file of this path's name. */
export function download(path: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = path.split("/").at(-1) ?? path;
  link.click();
  // The browser has begun by the next turn.
  setTimeout(() => URL.revokeObjectURL(address));
}

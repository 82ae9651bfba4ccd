/** What the key that gives orders is called on this computer. */
export const COMMAND = /Mac|iPhone|iPad/.test(navigator.platform) ? "Cmd" : "Ctrl";

/** What a field is for stands below it, so that the fields of a row are level. */
export const HINT_BELOW: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];

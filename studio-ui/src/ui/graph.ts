/** No words of the library on the picture, which its licence (MIT) allows; docs/reading.md says what draws it. */
export const UNMARKED = { hideAttribution: true } as const;

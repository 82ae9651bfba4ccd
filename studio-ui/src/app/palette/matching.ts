/** What of all that can be gone to is meant by a few typed letters. */

export type Found = {
  key: string;
  /** What kind of thing; things of one kind stand together. */
  kind: string;
  title: string;
  /** What tells it from others of the same title. */
  hint?: string | undefined;
  /** Found by somebody who knows more than its title: it fits, whatever was typed. */
  given?: boolean;
};

/** Things of one kind that are shown. */
const MOST_OF_A_KIND = 6;

/** Those in which all words that were typed occur, kind by kind, the best of each first. Without a word all fit. */
export function matching<T extends Found>(things: readonly T[], typed: string): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const kinds = new Map<string, { thing: T; rank: number }[]>();
  for (const thing of things) {
    const rank = rankOf(thing, words);
    if (rank === undefined) continue;
    const same = kinds.get(thing.kind) ?? [];
    kinds.set(thing.kind, [...same, { thing, rank }]);
  }
  return [...kinds.values()].flatMap((same) =>
    same
      .sort((a, b) => a.rank - b.rank)
      .slice(0, MOST_OF_A_KIND)
      .map(({ thing }) => thing),
  );
}

/** The less the better; undefined where a word is missing. */
function rankOf({ title, hint = "", given }: Found, words: readonly string[]): number | undefined {
  const text = `${title} ${hint}`.toLowerCase();
  const places = words.map((word) => text.indexOf(word));
  if (places.some((place) => place < 0)) return given ? 3 * words.length : undefined;
  return places.reduce((sum, place) => sum + (place === 0 ? 0 : /[\w]/.test(text[place - 1] ?? "") ? 2 : 1), 0);
}

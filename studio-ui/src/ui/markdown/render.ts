/**
 * Markdown from a step as HTML that is safe to show. What it says is foreign: nothing in it may run, style the page, or
 * make the browser call elsewhere by itself. Loads with the first summary and not before.
 */

import DOMPurify, { type Config } from "dompurify";
import { Marked } from "marked";

/** Characters that are rendered; a page of more is no summary, and its making would stop the page. */
export const MOST_CHARACTERS = 200_000;

const marked = new Marked({ gfm: true, breaks: false, async: false });

/** What a text is made of; whatever else is asked for is left out, and its content stays. */
const CONFIG: Config = {
  ALLOWED_TAGS: (
    "a b blockquote br caption code dd del details div dl dt em h2 h3 h4 h5 h6 hr i kbd li ol p pre s samp small span " +
    "strong sub summary sup table tbody td tfoot th thead tr u ul var"
  ).split(" "),
  ALLOWED_ATTR: ["href", "title", "colspan", "rowspan", "align", "start", "open", "target", "rel"],
  // These hold no address, so what addresses have to look like is not asked of them.
  ADD_URI_SAFE_ATTR: ["colspan", "rowspan", "align", "start", "open", "target", "rel"],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

export function renderMarkdown(text: string): { html: string; cut: boolean } {
  const cut = text.length > MOST_CHARACTERS;
  const raw = marked.parse(cut ? text.slice(0, MOST_CHARACTERS) : text) as string;
  return { html: DOMPurify.sanitize(prepared(withoutHandlers(raw)), CONFIG), cut };
}

/**
 * Names handlers so that they are none. None would get through, but the browser complains of each one as soon as it reads
 * it, in whatever document (the page's Content-Security-Policy).
 */
function withoutHandlers(html: string): string {
  return html.replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/([\s"'/])on(?=[a-z]+\s*=)/gi, "$1data-on"));
}

/** Changes what is to be shown in another form; in a document that runs nothing and loads nothing. */
function prepared(html: string): string {
  const inert = new DOMParser().parseFromString(html, "text/html");
  for (const image of inert.querySelectorAll("img")) image.replaceWith(link(inert, image));
  for (const box of inert.querySelectorAll("input")) {
    box.replaceWith(box.type === "checkbox" ? (box.checked ? "☑" : "☐") : "");
  }
  // The page has its own first heading, and one for each summary.
  for (const level of [5, 4, 3, 2, 1]) {
    for (const heading of inert.querySelectorAll(`h${level}`)) {
      const lower = inert.createElement(`h${Math.min(level + 2, 6)}`);
      lower.append(...heading.childNodes);
      heading.replaceWith(lower);
    }
  }
  for (const quote of inert.querySelectorAll("blockquote")) alert(inert, quote);
  for (const anchor of inert.querySelectorAll("a[href]")) {
    anchor.setAttribute("target", "_blank");
    anchor.setAttribute("rel", "noopener noreferrer nofollow");
  }
  return inert.body.innerHTML;
}

/** A quote that begins with `[!WARNING]` or the like has that as its title, as on GitHub. */
function alert(document: Document, quote: Element): void {
  const words = quote.querySelector("p")?.firstChild;
  const kind = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*/.exec(words?.textContent ?? "");
  if (!words || kind === null) return;
  words.textContent = (words.textContent ?? "").slice(kind[0].length);
  const title = document.createElement("strong");
  const [first = "", ...rest] = kind[1] ?? "";
  title.textContent = first + rest.join("").toLowerCase();
  quote.prepend(title);
}

/** A picture would be fetched from wherever its maker likes, so it is a link. */
function link(document: Document, image: HTMLImageElement): HTMLElement {
  const anchor = document.createElement("a");
  anchor.textContent = image.alt.trim() === "" ? "image" : `image: ${image.alt}`;
  // Within a link already, it is the words of that one.
  if (image.closest("a")) {
    const words = document.createElement("span");
    words.textContent = anchor.textContent;
    return words;
  }
  const source = image.getAttribute("src");
  if (source) anchor.setAttribute("href", source);
  return anchor;
}

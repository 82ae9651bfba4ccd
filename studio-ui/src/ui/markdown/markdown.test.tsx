import { render } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { Markdown } from "./markdown";
import { MOST_CHARACTERS, renderMarkdown } from "./render";

function html(text: string): string {
  return renderMarkdown(text).html;
}

describe("a summary", () => {
  it("is Markdown as GitHub has it", () => {
    const page = html(
      "# Tests\n\n| a | b |\n| - | - |\n| 1 | **2** |\n\n- [x] done\n- [ ] open\n\n```js\nx < 1\n```\n",
    );
    expect(page).toContain("<h3>Tests</h3>");
    expect(page).toContain("<td><strong>2</strong></td>");
    expect(page).toContain("☑ done");
    expect(page).toContain("☐ open");
    expect(page).toContain("<pre><code>x &lt; 1\n</code></pre>");
  });

  it("keeps the harmless elements that actions write", () => {
    expect(html("<details><summary>More</summary>\n\n*text*\n\n</details>")).toMatch(
      /<details><summary>More<\/summary>\s*<p><em>text<\/em><\/p>\s*<\/details>/,
    );
    expect(html("<table><tr><td colspan='2'>x</td></tr></table>")).toContain('<td colspan="2">x</td>');
  });

  it("opens links elsewhere, without telling from where", () => {
    expect(html("[site](https://example.com/a?b)")).toBe(
      '<p><a href="https://example.com/a?b" target="_blank" rel="noopener noreferrer nofollow">site</a></p>\n',
    );
  });

  it("makes pictures links, and fetches none", () => {
    const page = html(
      '![build](https://x.test/a.png) <img src="//x.test/b.png" alt="b" onerror="alert(1)"> ![](data:image/png;base64,AA==)',
    );
    expect(page).not.toContain("<img");
    expect(page).toContain(">image: build</a>");
    expect(page).toContain('href="https://x.test/a.png"');
    expect(page).toContain(">image: b</a>");
    expect(page).not.toContain("b.png");
    expect(html("[![badge](https://x.test/a.svg)](https://x.test/)")).toContain("<span>image: badge</span></a>");
  });

  it.each([
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<svg onload="alert(1)"><script>alert(1)</script></svg>',
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox)",
    "<javascript:alert(1)>",
    '<iframe src="https://x.test"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="https://x.test/x"></object><embed src="https://x.test/x">',
    '<link rel="stylesheet" href="https://x.test/x.css"><style>@import "https://x.test/x.css";</style>',
    '<div style="background:url(https://x.test/x.png)" background="https://x.test/x.png">x</div>',
    '<video src="https://x.test/v" poster="https://x.test/p"><source src="https://x.test/s"></video>',
    '<audio src="https://x.test/a" autoplay></audio>',
    '<picture><source srcset="https://x.test/s"><img srcset="https://x.test/i 2x"></picture>',
    '<input type="image" src="https://x.test/i"><button formaction="https://x.test">x</button>',
    '<form action="https://x.test"><input name="a"></form>',
    '<meta http-equiv="refresh" content="0;url=https://x.test"><base href="https://x.test/">',
    '<body onload="alert(1)" background="https://x.test/b">x</body>',
    '<table background="https://x.test/b"><tr><td background="https://x.test/b">x</td></tr></table>',
    '<details open ontoggle="alert(1)">x</details>',
    '<a href="/api/runs" ping="https://x.test/p">x</a>',
    '<p id="root" class="x" name="y">x</p>',
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
  ])("does nothing by itself: %s", (text) => {
    const page = html(text);
    const view = document.createElement("div");
    view.innerHTML = page;
    for (const element of view.querySelectorAll("*")) {
      expect(
        element.matches("script,img,svg,math,iframe,object,embed,link,style,video,audio,source,input,form,meta,base"),
      ).toBe(false);
      for (const { name, value } of element.attributes) {
        expect(["href", "title", "colspan", "rowspan", "align", "start", "open", "target", "rel"]).toContain(name);
        if (name === "href") expect(value).toMatch(/^(https?:\/\/|mailto:)/i);
      }
    }
  });

  it("is cut where it is far too long, and says so", () => {
    expect(renderMarkdown("x".repeat(MOST_CHARACTERS + 1)).cut).toBe(true);
    const { container } = render(<Markdown text={`${"word ".repeat(MOST_CHARACTERS / 5)}more`} />);
    expect(container.textContent).toContain("The first 200,000 characters of 200,004");
  });

  it("asks the network for nothing while it is made and shown", () => {
    const fetched = vi.spyOn(window.HTMLImageElement.prototype, "src", "set");
    const { container } = render(<Markdown text='<img src="https://x.test/b.png"> ![a](https://x.test/a.png)' />);
    expect(container.querySelector("img")).toBeNull();
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  });
});

// Reports what a list of actors costs the browser while many of them change: a figure to read, not a test.
//
//   node scripts/frames.mjs [ADDRESS] [ACTORS] [CHANGING] [SECONDS]
//
// registers ACTORS (100000) at the studio at ADDRESS (http://localhost:9090), changes CHANGING (5000) of them twice a second, looks
// at the list sorted by messages, and at it while it is scrolled, and tells how long frames took. It takes them away again.
import { chromium } from "playwright-core";

const [address = "http://localhost:9090", actors = "100000", changing = "5000", seconds = "10"] = process.argv.slice(2);
const BATCH = 5000;
const boot = `frames-${Date.now()}`;
let seq = 0;

const ids = Array.from({ length: Number(actors) }, (_, index) => `frames-${String(index).padStart(6, "0")}`);
await inBatches(ids, (id) => ({ register: { id, type: "FrameActor", status: "active", messageCount: 0 } }));
const browser = await chromium.launch({
  executablePath: process.env.LOOM_PICTURE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
let over = false;
const changes = change();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  let bytes = 0;
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      bytes += payload.length;
    }),
  );
  await page.goto(new URL("/actors?sort=-messages&filter=type%3AFrameActor", address).href);
  await page.locator("[data-actor]").first().waitFor();
  for (const scrolls of [false, true]) {
    bytes = 0;
    const { frames, work } = await page.evaluate(measure, { millis: Number(seconds) * 1000, scrolls });
    const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
    const late = frames.filter((took) => took > 16.7).length;
    console.log(
      `${actors} actors, ${changing} change twice a second, ${scrolls ? "scrolled" : "still"}: work a frame p50 ${at(work, 0.5)} ms, ` +
        `p99 ${at(work, 0.99)} ms, most ${at(work, 1)} ms; ${late} of ${frames.length} frames apart by more than 16.7 ms; ` +
        `${Math.round(bytes / 1024 / Number(seconds))} kB/s heard, heap ${Math.round(heap / 1048576)} MB`,
    );
  }
} finally {
  over = true;
  await changes;
  await browser.close();
  await inBatches(ids, (id) => ({ unregister: id }));
}

async function change() {
  for (let count = 1; !over; count += 1) {
    const started = Date.now();
    const some = ids.slice(0, Number(changing));
    await inBatches(some, (id, index) => ({ update: { id, messageCount: count * (1 + (index % 97)) } }));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 500 - (Date.now() - started))));
  }
}

async function inBatches(all, make) {
  for (let from = 0; from < all.length; from += BATCH) {
    const made = all.slice(from, from + BATCH).map((id, index) => Object.entries(make(id, from + index))[0]);
    seq += 1;
    const body = { boot, seq, [made[0][0]]: made.map(([, value]) => value) };
    const response = await fetch(new URL("/api/actor/batch", address), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`a batch was answered ${response.status}: ${await response.text()}`);
  }
}

/** In the page: how far apart frames are, and how long what runs between two of them keeps the page from the next. */
async function measure({ millis, scrolls }) {
  const grid = document.querySelector("[role=grid]");
  const frames = [];
  const work = [];
  const end = performance.now() + millis;
  let last = performance.now();
  while (last < end) {
    const now = await new Promise((resolve) => requestAnimationFrame(resolve));
    frames.push(now - last);
    last = now;
    if (scrolls) grid.scrollTop += 400;
    const begun = performance.now();
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
    work.push(performance.now() - begun);
  }
  return { frames: frames.slice(1), work };
}

function at(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1);
}

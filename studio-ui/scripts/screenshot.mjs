// Takes the README's pictures of a studio that runs already: the page of its newest run, once a job of it is paused, and where
// actors send to each other in it, the overview, the map and the page of the busiest actor.
//
//   node scripts/screenshot.mjs [ADDRESS] [FILE]
//
// or LOOM_PICTURE_URL (http://localhost:9090) and LOOM_PICTURE_FILE (studio.png); the others are called after it
// (studio-overview.png, studio-map.png, studio-actor.png). LOOM_PICTURE_CHROMIUM (/usr/bin/chromium) is the browser.
import { chromium } from "playwright-core";

const [
  address = process.env.LOOM_PICTURE_URL ?? "http://localhost:9090",
  file = process.env.LOOM_PICTURE_FILE ?? "studio.png",
] = process.argv.slice(2);

/** How long times are measured before there is a picture of them. */
const MEASURES_MS = 30_000;

const run = await pausedRun(Date.now() + 120_000);
const browser = await chromium.launch({
  executablePath: process.env.LOOM_PICTURE_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1200, height: 760 },
    deviceScaleFactor: 1.5,
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  await page.goto(new URL(`/runs/${run}`, address).href);
  await page.locator("[data-connection=live]").waitFor();
  await page.locator("[data-node]").first().waitFor();
  await page.locator("h1 ~ [role=status] [data-state=paused]").waitFor();
  await page.locator("[data-line]").nth(2).waitFor();
  await take(page, "");
  const busiest = await busiestActor(Date.now() + 60_000);
  if (busiest === undefined) {
    console.log("no actor sends to another here: the overview, the map and the actor are not taken");
  } else {
    await open(page, "/trends?panels=rate,queue,wait,handle", [
      "[data-trend=rate] canvas",
      "[data-trend=handle] canvas",
    ]);
    // Times are measured from when somebody looks, for the overview behind it, too.
    await page.getByText("times are measured while somebody looks").first().waitFor({ state: "detached" });
    await page.waitForTimeout(MEASURES_MS);
    await take(page, "-metrics");
    await open(page, "/", ["[data-chart] path", "[data-busy]", "[data-workflow]"]);
    await take(page, "-overview");
    await open(page, "/map", ["[data-point]", ".react-flow__edge"]);
    await take(page, "-map");
    await open(page, `/actors/${encodeURIComponent(busiest)}`, [
      "[data-chart] path",
      "[data-neighbour]",
      "[data-event]",
    ]);
    await take(page, "-actor");
  }
} finally {
  await browser.close();
}

async function open(page, path, ready) {
  await page.goto(new URL(path, address).href);
  await page.locator("[data-connection=live]").waitFor();
  // A level arrow has no height, which counts as hidden.
  for (const selector of ready) await page.locator(selector).first().waitFor({ state: "attached" });
}

async function take(page, name) {
  const path = file.replace(/(\.\w+)?$/, `${name}$1`);
  await page.screenshot({ path });
  console.log(`${path} shows ${page.url()}`);
}

/** The actor that hears the most from others; none where no actor sends to another. */
async function busiestActor(deadline) {
  while (Date.now() < deadline) {
    const map = await ask("/api/map?group=actor&filter=-is%3Asystem");
    if (map === undefined) return undefined;
    const heard = (id) => map.edges.filter(({ from, to }) => from && to === id).length;
    const [first] = map.nodes.filter(({ id }) => heard(id) > 0).sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0));
    if (first !== undefined) return first.id;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return undefined;
}

/** The id of the newest run, once a job of it is paused and no other runs. */
async function pausedRun(deadline) {
  while (Date.now() < deadline) {
    const id = await ask("/api/v1/runs?limit=1").then((page) => page?.items[0]?.runId);
    const jobs = id === undefined ? [] : ((await ask(`/api/runs/${id}`))?.jobs ?? []);
    const running = jobs.filter((job) => job.state === "running");
    if (running.length > 0 && running.every((job) => job.pauses?.length > 0)) return id;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("no run was paused within two minutes");
}

async function ask(path) {
  const response = await fetch(new URL(path, address)).catch(() => undefined);
  return response?.ok ? response.json() : undefined;
}

// Takes the README's picture: the page of the newest run of a studio that runs already, once a job of it is paused.
//
//   node scripts/screenshot.mjs [ADDRESS] [FILE]
//
// or LOOM_PICTURE_URL (http://localhost:9090) and LOOM_PICTURE_FILE (studio.png); LOOM_PICTURE_CHROMIUM
// (/usr/bin/chromium) is the browser.
import { chromium } from "playwright-core";

const [
  address = process.env.LOOM_PICTURE_URL ?? "http://localhost:9090",
  file = process.env.LOOM_PICTURE_FILE ?? "studio.png",
] = process.argv.slice(2);

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
  await page.screenshot({ path: file });
  console.log(`${file} shows ${page.url()}`);
} finally {
  await browser.close();
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

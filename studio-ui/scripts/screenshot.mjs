// Takes the README's picture: the page of a run in the middle of its work, from a studio that runs already.
//
//   node scripts/screenshot.mjs [ADDRESS] [FILE]
//
// or LOOM_PICTURE_URL (http://localhost:9090) and LOOM_PICTURE_FILE (studio.png); LOOM_PICTURE_WORKFLOW (diamond) is the
// workflow to start, LOOM_PICTURE_CHROMIUM (/usr/bin/chromium) the browser.
import { chromium } from "playwright-core";

const [
  address = process.env.LOOM_PICTURE_URL ?? "http://localhost:9090",
  file = process.env.LOOM_PICTURE_FILE ?? "studio.png",
] = process.argv.slice(2);
const workflow = process.env.LOOM_PICTURE_WORKFLOW ?? "diamond";

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
    viewport: { width: 1200, height: 720 },
    deviceScaleFactor: 1.5,
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  // A run before the picture's own makes the history that a used studio has, and warms what is slow at first.
  await start(page);
  await page.locator("h1 ~ [data-state=success]").waitFor();
  await start(page);
  // Two jobs at once with a word in the log: the most that a diamond shows.
  await page.locator("[data-node-state=running]").nth(1).waitFor();
  await page.locator("[data-line]").nth(2).waitFor();
  await page.screenshot({ path: file });
  console.log(`${file} shows ${page.url()}`);
} finally {
  await browser.close();
}

async function start(page) {
  await page.goto(new URL("/workflows", address).href);
  await page.locator("[data-connection=live]").waitFor();
  await page.getByRole("button", { name: `Start ${workflow}`, exact: true }).click();
  await page.locator("[data-node]").first().waitFor();
}

// node shot.tmp.mjs OUTDIR NAME=PATH... ; env THEMES, WIDTHS
import { chromium } from "playwright-core";
const [out, ...shots] = process.argv.slice(2);
const base = process.env.BASE ?? "http://127.0.0.1:9734";
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox","--disable-gpu","--disable-quic","--no-first-run","--disable-background-networking"] });
for (const theme of (process.env.THEMES ?? "light,dark").split(",")) for (const width of (process.env.WIDTHS ?? "1280,390").split(",").map(Number)) {
  const c = await b.newContext({ colorScheme: theme, viewport: { width, height: width<500?844:800 }, reducedMotion: "reduce" });
  for (const s of shots) { const i = s.indexOf("="); const name=s.slice(0,i), path=s.slice(i+1);
    const p = await c.newPage(); p.setDefaultTimeout(40000);
    p.on("pageerror",(e)=>console.log(name,"ERR",e.message)); p.on("console",(m)=>m.type()==="error"&&console.log(name,"console",m.text()));
    try { const [url, click] = path.split("@@"); await p.goto(base+url); await p.locator("h1").first().waitFor(); await p.waitForLoadState("networkidle").catch(()=>{}); await p.waitForTimeout(+(process.env.WAIT??2500));
      if (click) { for (const sel of click.split("&&")) { await p.locator(sel).first().click(); await p.waitForTimeout(700); } }
      await p.screenshot({ path: `${out}/${name}-${theme}-${width}.png`, fullPage: width<500 }); } catch (e) { console.log(name, theme, width, e.message.split("\n")[0]); await p.screenshot({ path: `${out}/${name}-${theme}-${width}.png` }).catch(()=>{}); }
    await p.close(); }
  await c.close(); }
await b.close();

/** The page under a path of a host that has other things too, as something in front of the studio offers it. */

import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, studio, withBrowser } from "./harness";

const PREFIX = "/loom";

withBrowser();
let front: Server;

beforeAll(async () => {
  front = offerBelow(PREFIX, new URL(studio()));
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
});
afterAll(() => front.close());

test("every page, its calls and its socket stay below the path", async () => {
  const at = `http://127.0.0.1:${(front.address() as AddressInfo).port}${PREFIX}`;
  const page = await openPage("/", { at });
  await page.getByRole("navigation").waitFor();
  await page.locator('[data-connection="live"]').waitFor();
  await page.getByRole("link", { name: "Runs" }).first().click();
  await page.waitForURL(`${at}/runs`);
  await page.getByRole("heading", { name: "Runs" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Runs" }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`${PREFIX}/runs`);
});

/** Takes the path off, says which it was, and refuses all else: a call that left the path fails the page. */
function offerBelow(prefix: string, to: URL): Server {
  const own = (headers: IncomingHttpHeaders) => ({
    ...headers,
    host: to.host,
    ...(headers.origin && { origin: to.origin }),
    "x-forwarded-prefix": prefix,
  });
  const server = createServer((from, answer) => {
    if (!from.url?.startsWith(`${prefix}/`)) {
      answer.writeHead(404).end();
      return;
    }
    const path = from.url.slice(prefix.length);
    const passed = request(to, { path, method: from.method, headers: own(from.headers) }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    from.pipe(passed);
  });
  server.on("upgrade", (from, socket) => {
    if (!from.url?.startsWith(`${prefix}/`)) {
      socket.destroy();
      return;
    }
    const head = Object.entries(own(from.headers)).map(([name, value]) => `${name}: ${value}`);
    const behind = connect(Number(to.port), to.hostname, () => {
      behind.write([`GET ${from.url?.slice(prefix.length)} HTTP/1.1`, ...head, "", ""].join("\r\n"));
      behind.pipe(socket).pipe(behind);
    });
    socket.on("error", () => behind.destroy());
    behind.on("error", () => socket.destroy());
  });
  return server;
}

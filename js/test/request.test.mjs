// The requests that the loader makes for the Go program: src/request.ts alone, since what it says
// while a response is arriving is for the Go program.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { site, testInPage } from "./in-browser.mjs";

const bundle = await build({
  entryPoints: [fileURLToPath(new URL("../src/request.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
site.files.set("/request.js", bundle.outputFiles[0].text);

/** Runs in the page: begins a request, whose news are in `globalThis.news`. */
async function begin(url, progress, limit) {
  const { makeRequests } = await import("/request.js");
  const listeners = [];
  globalThis.progress = 0;
  globalThis.more = () => new Promise((resolve) => listeners.push(resolve));
  globalThis.answered = new Promise((resolve) => {
    const requests = makeRequests(() => ({
      answered: (_id, status, _headers, body) =>
        resolve([status, body ? new TextDecoder().decode(body) : null]),
      progress() {
        globalThis.progress++;
        for (const listener of listeners.splice(0)) {
          listener();
        }
      },
    }));
    const how = { method: "GET", credentials: "omit", cache: "no-store", keepalive: false };
    const request = { ...how, url, progress, limit, headers: [], body: null };
    requests.request(1, JSON.stringify(request));
  });
}

function stepsUrl() {
  return `${process.env.TEST_SERVER}/http/steps?id=${Math.random()}`;
}

testInPage("each piece of a response is reported while more is to come", async (page) => {
  const url = stepsUrl();
  await page.evaluate(begin, url, true, 1000);
  for (let piece = 0; piece < 3; piece++) {
    await page.evaluate(async (url) => {
      const more = globalThis.more();
      await fetch(url, { method: "POST" });
      await more;
    }, url);
  }
  await fetch(`${url}&last`, { method: "POST" });
  assert.deepEqual(await page.evaluate(() => globalThis.answered), [200, "piecepiecepiecepiece"]);
});

testInPage("nothing is reported to who does not ask for it", async (page) => {
  const url = stepsUrl();
  await page.evaluate(begin, url, false, 1000);
  await fetch(url, { method: "POST" });
  await new Promise((resolve) => setTimeout(resolve, 100)); // longer than what is reported waits
  await fetch(`${url}&last`, { method: "POST" });
  assert.deepEqual(await page.evaluate(() => globalThis.answered), [200, "piecepiece"]);
  assert.equal(await page.evaluate(() => globalThis.progress), 0);
});

testInPage("a response over the limit is given up while it is reported", async (page) => {
  const url = stepsUrl();
  await page.evaluate(begin, url, true, 7);
  await fetch(url, { method: "POST" });
  await fetch(url, { method: "POST" });
  assert.deepEqual(await page.evaluate(() => globalThis.answered), [-2, null]);
});

// The manual's pages, as `make docs` has made them and the demo's server serves them.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";
import { root, startDemo } from "./demo.mjs";
import { testInPage } from "./in-browser.mjs";
import { testPictures } from "./pictures.mjs";

const folder = join(root, "build/docs");
const all = readdirSync(folder, { recursive: true }).map((name) => name.replaceAll("\\", "/"));
const html = all.filter((name) => name.endsWith(".html"));
const text = new Map(html.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
const docs = new URL("/docs/", await startDemo()).href;

test("every page of the manual is there", () => {
  const pages = readdirSync(join(root, "web/docs")).filter((name) => name.endsWith(".md"));
  assert.ok(pages.length > 10);
  const made = pages.map((name) => (name === "README.md" ? "index" : name.slice(0, -3)));
  assert.deepEqual(
    made.filter((name) => !text.has(`${name}.html`)),
    [],
  );
  assert.ok(text.has("api/OutboundClient.html"));
  assert.ok(text.has("api/testing/createTestClient.html"));
});

test("links within the pages lead somewhere, to anchors too", () => {
  const broken = [];
  let count = 0;
  for (const [name, page] of text) {
    for (const [, target] of page.matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      count++;
      const [path, anchor] = target.split("#");
      const file = path ? posix.join(posix.dirname(name), decodeURI(path)) : name;
      const found = text.get(file);
      const reached = anchor ? found?.includes(`id="${decodeURI(anchor)}"`) : all.includes(file);
      if (!reached) broken.push(`${name}: ${target}`);
    }
  }
  assert.ok(count > 1000, `${count} links`);
  assert.deepEqual(broken, []);
});

test("no page has a script of its own", () => {
  const inline = [...text].filter(([, page]) => /<script(?![^>]* src=)/.test(page));
  assert.deepEqual(
    inline.map(([name]) => name),
    [],
  );
});

testInPage(
  "the search finds what is in a page, and in the reference",
  async (page) => {
    const finds = async (words, where) => {
      await page.goto(docs);
      await page.waitForSelector("#tsd-search-trigger");
      await page.click("#tsd-search-trigger");
      await page.waitForSelector("#tsd-search-input");
      await page.type("#tsd-search-input", words);
      // The first letters alone may find something else before.
      await page.waitForFunction(
        (where) =>
          document
            .querySelector("#tsd-search-results a")
            ?.href.slice(document.baseURI.length)
            .startsWith(where),
        {},
        where,
      );
    };
    await finds("swallow", "deployment.html");
    await finds("completeRecord", "api/");
  },
  { path: docs },
);

testPictures(docs, [1280, 400], async (page, take) => {
  await page.goto(`${docs}deployment.html`);
  await page.waitForSelector("#cors-line-by-line");
  await take("manual");
  await page.goto(`${docs}api/OutboundClient.html`);
  await page.waitForSelector("#completerecord");
  await take("manual-api");
});

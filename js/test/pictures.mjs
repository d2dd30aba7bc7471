// Pictures of a page, for a person to look at, in build/screenshots. No page may be wider than
// its window. With PICTURES=1 they are taken in dark, too.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./demo.mjs";
import { engine, lacking } from "./engine.mjs";
import { testInPage } from "./in-browser.mjs";

const folder = join(root, "build", "screenshots");
await mkdir(folder, { recursive: true });

/**
 * Defines a test for each width of the window and each colour scheme.
 *
 * @param {string} path of the page
 * @param {number[]} widths in pixels
 * @param {(page: import("puppeteer-core").Page, take: (name: string) => Promise<void>) => Promise<void>} run
 *   `take` takes a picture of what the page shows now
 * @param {RegExp} [complaints] those that it provokes
 */
export function testPictures(path, widths, run, complaints) {
  const schemes = process.env.PICTURES ? ["light", "dark"] : ["light"];
  const kinds = widths.flatMap((width) => schemes.map((scheme) => ({ width, scheme })));
  for (const { width, scheme } of kinds) {
    testInPage(
      `a picture, ${width} pixels wide, ${scheme}`,
      async (page) => {
        await page.setViewport({ width, height: 900 });
        if (scheme === "dark") {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        }
        await run(page, async (name) => {
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `the page is ${wide} pixels wide`);
          await page.screenshot({
            path: join(folder, `${name}-${width}-${scheme}-${engine}.png`),
            fullPage: true,
          });
        });
      },
      {
        path,
        complaints,
        needs: {
          ...(width < 500 && lacking.narrowWindow),
          ...(scheme === "dark" && lacking.colorScheme),
        },
      },
    );
  }
}

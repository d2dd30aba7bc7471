// The demo page, by keyboard alone, as `make run` serves it.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { root, startDemo } from "./demo.mjs";
import { engine, lacking } from "./engine.mjs";
import { testInPage } from "./in-browser.mjs";

const screenshots = join(root, "build", "screenshots");
await mkdir(screenshots, { recursive: true });
const desktop = await startDemo();

/** How the page shows that the POST was answered: WebKit does not tell it the status. */
const answered = engine === "webkit" ? "POST ended\\d" : "HTTP 200 accepted";

const focused = (page) => page.evaluate(() => document.activeElement.dataset.testid);

/** Presses Tab until the element with this data-testid has the focus. */
async function tabTo(page, testid) {
  for (let i = 0; i < 40; i++) {
    if ((await focused(page)) === testid) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${testid}`);
}

/** Replaces the text of the field that has the focus. */
async function retype(page, text) {
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyA");
  await page.keyboard.up("Control");
  await page.keyboard.press("Backspace");
  await page.keyboard.type(text);
}

async function connectByKeyboard(page) {
  await page.waitForSelector("[data-testid=connect]:not([disabled])");
  await tabTo(page, "connect");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=state][data-state=connected]");
}

/** Waits for the newest record's outcome. */
async function outcome(page) {
  const card = await page.waitForSelector("[data-testid=outcome]:not([data-outcome=pending])");
  return card.evaluate((card) => ({ ...card.dataset, text: card.textContent }));
}

testInPage(
  "connect, fill in, choose a call result, complete: by keyboard",
  async (page) => {
    await connectByKeyboard(page);

    await tabTo(page, "recordHandle");
    await retype(page, "77");
    await tabTo(page, "callResult");
    await retype(page, "wrong");
    const choices = await page.$$eval("[role=option]", (items) =>
      items.map(({ dataset }) => dataset.name),
    );
    assert.deepEqual(choices, ["WrongParty", "WrongNumber"]);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await page.$eval("[data-testid=callResult]", ({ value }) => value), "WrongNumber");

    await tabTo(page, "complete");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".moment.answer"); // which may come after the outcome
    const done = await outcome(page);
    assert.equal(done.outcome, "resolved", done.text);
    const moments = ["POST sent", answered, "Acknowledgement received"];
    assert.match(done.text, new RegExp(moments.join("[\\s\\S]*")));
    const data = await page.$eval("[data-testid=outcome] pre", ({ textContent }) => textContent);
    assert.equal(JSON.parse(data).record.recordHandle, 77);
  },
  { path: desktop },
);

testInPage(
  "a wrong field is shown, and what it means",
  async (page) => {
    await connectByKeyboard(page);
    await tabTo(page, "recordHandle");
    await retype(page, "twelve");
    await page.keyboard.press("Enter");
    const field = await page.waitForSelector("[data-testid=recordHandle][aria-invalid=true]");
    const told = await field.evaluate((input) => input.closest(".field").textContent);
    assert.match(told, /positive integer/);
    assert.equal(await focused(page), "recordHandle");
    const failed = await outcome(page);
    assert.equal(failed.code, "INVALID_REQUEST");
    assert.equal(failed.delivery, "not-sent");
  },
  { path: desktop },
);

for (const width of [1280, 400]) {
  for (const scheme of ["light", "dark"]) {
    testInPage(
      `a picture, ${width} pixels wide, ${scheme}`,
      async (page) => {
        await page.setViewport({ width, height: 900 });
        if (scheme === "dark") {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        }
        await connectByKeyboard(page);
        await tabTo(page, "complete");
        await page.keyboard.press("Enter");
        await outcome(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `the page is ${wide} pixels wide`);
        await page.screenshot({
          path: join(screenshots, `desktop-${width}-${scheme}-${engine}.png`),
          fullPage: true,
        });
      },
      {
        path: desktop,
        needs: {
          ...(width < 500 && lacking.narrowWindow),
          ...(scheme === "dark" && lacking.colorScheme),
        },
      },
    );
  }
}

// Checks that the demo page works: opens it in headless Chromium, completes a
// record by the page's own button, and prints the acknowledgement.
//
//   node selfcheck.mjs http://127.0.0.1:8080/
//
// Exit status 0, or 1 with the reason.

import { launchBrowser } from "./test/browser.mjs";

const patience = 30_000; // ms, for each step

try {
  const url = new URL(process.argv[2] ?? "");
  url.searchParams.set("auto", ""); // the page connects by itself
  await check(url);
} catch (error) {
  const reason = error.code === "ERR_INVALID_URL" ? "usage: node selfcheck.mjs URL" : error.message;
  const cause = error.cause ? ` (${error.cause.message})` : "";
  console.error(`self-check failed: ${reason}${cause}`);
  process.exitCode = 1;
}

async function check(url) {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(patience);
    page.on("pageerror", (error) => console.error(`page: ${error}`));
    page.on("console", (message) => {
      if (message.type() === "error") {
        console.error(`page: ${message.text()}`);
      }
    });
    await step(`opening ${url.origin}`, () => page.goto(url.href));
    await step("connecting", () => connected(page));
    await page.click("[data-testid=complete]");
    const { outcome, summary, details } = await step("completing the record", () => settled(page));
    if (outcome !== "resolved") {
      throw new Error(`the record was not completed: ${summary}\n${details}`);
    }
    console.log(details);
    const took = /\d+ ms/.exec(summary)?.[0] ?? "a time that the page does not tell";
    console.log(`self-check passed: acknowledged after ${took}`);
  } finally {
    await browser.close();
  }
}

async function step(doing, run) {
  try {
    return await run();
  } catch (cause) {
    throw new Error(`${doing} failed`, { cause });
  }
}

/** Waits for the connection; throws with what the page says if there is none. */
async function connected(page) {
  const shown = await page.waitForFunction(() => {
    const state = document.querySelector("[data-testid=state]")?.dataset.state;
    return state === "connected" || document.querySelector("[role=alert]:not(:empty)")?.textContent;
  });
  const value = await shown.jsonValue();
  if (value !== true) {
    throw new Error(value);
  }
}

/** Waits for the record's outcome. */
async function settled(page) {
  const card = await page.waitForSelector("[data-testid=outcome]:not([data-outcome=pending])");
  return card.evaluate((card) => ({
    outcome: card.dataset.outcome,
    summary: card.querySelector(".badge").textContent,
    details: card.querySelector("pre, .message").textContent,
  }));
}

// Starts the browser that the tests and selfcheck.mjs drive.

import puppeteer from "puppeteer-core";

const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";

/**
 * Launches headless Chromium; the environment variable CHROMIUM overrides its path.
 *
 * @param {{ args?: string[], ignoreDefaultArgs?: string[] }} [options] more for Puppeteer
 * @returns {Promise<import("puppeteer-core").Browser>}
 */
export async function launchBrowser({ args = [], ignoreDefaultArgs } = {}) {
  try {
    return await puppeteer.launch({
      executablePath,
      headless: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        ...args,
      ],
      ignoreDefaultArgs,
    });
  } catch (cause) {
    throw new Error(
      `Chromium could not be started from ${executablePath}; the environment variable CHROMIUM gives another path`,
      { cause },
    );
  }
}

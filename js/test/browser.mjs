// Starts the browsers that the tests and selfcheck.mjs drive.

import puppeteer from "puppeteer-core";

const engines = {
  chromium: {
    name: "Chromium",
    variable: "CHROMIUM",
    path: process.env.CHROMIUM || "/usr/bin/chromium",
    options: {
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Two renderers more for each window, for a list of suggestions that nobody sees: a new context takes twice as long.
        "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
      ],
    },
  },
  firefox: {
    name: "Firefox",
    variable: "FIREFOX",
    path: process.env.FIREFOX || "/usr/bin/firefox-esr",
    options: { args: [], browser: "firefox" },
  },
};

/**
 * Launches a browser without a window: Chromium or Firefox, or WebKitGTK with
 * the part of puppeteer's interface that webkit/page.mjs has. The environment
 * variables CHROMIUM and FIREFOX override the paths.
 *
 * @param {"chromium" | "firefox" | "webkit"} [engine]
 * @param {import("puppeteer-core").LaunchOptions} [more] for puppeteer
 * @returns {Promise<import("puppeteer-core").Browser>}
 */
export async function launchBrowser(engine = "chromium", { args = [], ...more } = {}) {
  if (engine === "webkit") {
    const { launchWebKit } = await import("./webkit/browser.mjs"); // which takes a while
    return launchWebKit();
  }
  if (!engines[engine]) {
    throw new Error(`no such engine: ${engine}; there are chromium, firefox and webkit`);
  }
  const { name, variable, path: executablePath, options } = engines[engine];
  try {
    return await puppeteer.launch({
      executablePath,
      headless: true,
      timeout: 90_000, // ms, for it to start on a busy machine
      ...options,
      ...more,
      args: [...options.args, ...args],
    });
  } catch (cause) {
    throw new Error(
      `${name} could not be started from ${executablePath}; the environment variable ${variable} gives another path`,
      { cause },
    );
  }
}

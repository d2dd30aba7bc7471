// WebKitGTK behind the part of puppeteer's interface that the tests use.

import { Builder } from "selenium-webdriver";
import { startDriver } from "./driver.mjs";
import { firstScript, Page } from "./page.mjs";

const patience = 30_000; // ms, for a window to open

/**
 * Starts what WebKitGTK is driven by. `firstScript` is what the test's pages
 * must run first, so that their complaints are heard.
 */
export async function launchWebKit() {
  const driver = await startDriver();
  let closed; // it has one session at a time
  return {
    firstScript,
    createBrowserContext: async () => {
      await closed;
      const session = await openSession(driver.url);
      return {
        newPage: async () => new Page(session),
        close: () => {
          closed = within(patience, session.quit(), "WebKitGTK did not close its window");
          return closed;
        },
      };
    },
    close: async () => driver.stop(),
  };
}

/** Opens a window with cookies of its own, which end with it. */
async function openSession(url) {
  const session = new Builder()
    .disableEnvironmentOverrides()
    .usingServer(url)
    .withCapabilities({
      browserName: "MiniBrowser",
      timeouts: { script: 120_000, pageLoad: patience },
    })
    .build();
  await within(patience, session.getSession(), "WebKitGTK opened no window");
  return session;
}

async function within(ms, promise, message) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${message} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

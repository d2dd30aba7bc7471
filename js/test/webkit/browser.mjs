// WebKitGTK behind the part of puppeteer's interface that the tests use.

import { Builder } from "selenium-webdriver";
import { startDriver } from "./driver.mjs";
import { firstScript, Page } from "./page.mjs";

const patience = 30_000; // ms, for a window to open or close
const usual = 8_000; // ms, in which it opens on a busy machine

/**
 * Starts what WebKitGTK is driven by. `firstScript` is what the test's pages
 * must run first, so that their complaints are heard.
 */
export async function launchWebKit() {
  let driver = await startDriver();
  let closed; // it has one session at a time
  return {
    firstScript,
    createBrowserContext: async () => {
      await closed;
      let session;
      try {
        session = await openSession(driver.url, usual);
      } catch {
        // On a busy machine WebKitWebDriver never answers, once in fifty times.
        driver.stop();
        driver = await startDriver();
        session = await openSession(driver.url, patience);
      }
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
async function openSession(url, patience) {
  const session = new Builder()
    .disableEnvironmentOverrides()
    .usingServer(url)
    .withCapabilities({
      browserName: "MiniBrowser",
      timeouts: { script: 120_000, pageLoad: 30_000 },
    })
    .build();
  session.catch(() => {}); // where it fails too late
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

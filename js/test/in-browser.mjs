// Tests that run in a page. Whatever the page complains of fails the test: an
// uncaught error, an error on the console, a violation of its
// Content-Security-Policy.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { engine } from "./engine.mjs";
import { startSite } from "./site.mjs";

const browser = await launchBrowser(engine);
after(() => browser.close());

/**
 * Where the package runs the module in these tests: "worker", its default in a
 * page, or "page" by the environment variable HOST: pages have no Worker then.
 */
export const host = process.env.HOST || "worker";

export const site = await startSite({ firstScript: browser.firstScript });
after(() => site.close());

/**
 * Defines a test in a page of its own, with its own cookies.
 *
 * @param {string} name
 * @param {(page: import("puppeteer-core").Page, said: string[]) => Promise<void>} run
 *   `said` has what the page printed, as "type: text"
 * @param {object} [options]
 * @param {string} [options.path] of the page on the site, or a whole URL
 * @param {RegExp} [options.complaints] those that the test provokes
 * @param {{ chromium?: string, firefox?: string, webkit?: string }} [options.needs] the engines
 *   that lack what the test needs, each with the reason; it is not applicable there
 * @param {number} [options.timeout] ms: what is not over then hangs, also on a busy machine
 */
export function testInPage(name, run, options = {}) {
  const { path = "/strict", complaints = /^$/, needs = {}, timeout = 120_000 } = options;
  test(name, { timeout, skip: needs[engine] ?? false }, async ({ signal }) => {
    const context = await browser.createBrowserContext();
    let closed;
    const close = () => {
      closed ??= context.close();
      return closed;
    };
    signal.addEventListener("abort", close); // at the timeout: what is pending rejects
    try {
      const page = await context.newPage();
      const said = [];
      page.on("console", (message) => {
        const text = message.text();
        // Here it is to run there.
        if (host !== "page" || !text.includes("the module runs on the calling thread")) {
          said.push(`${message.type()}: ${text}`);
        }
      });
      page.on("pageerror", (error) => said.push(`error: uncaught ${error}`));
      // Where there is a first script, it does this.
      if (!browser.firstScript) {
        await page.evaluateOnNewDocument(() => {
          addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
            console.error(`${effectiveDirective} forbids ${blockedURI}`),
          );
        });
      }
      if (host === "page") {
        await page.evaluateOnNewDocument(() => {
          delete globalThis.Worker;
        });
      }
      await page.goto(new URL(path, site.url).href);
      await run(page, said);
      await page.evaluate(() => {}); // what the page said before is known once it has answered
      const unexpected = said.filter((line) => /^error: /.test(line) && !complaints.test(line));
      assert.deepEqual(unexpected, [], "the page complained");
    } finally {
      await close();
    }
  });
}

/**
 * Defines a test over each transport, in a page of its own.
 *
 * @param {string} name
 * @param {(page: import("puppeteer-core").Page, over: object, said: string[]) => Promise<void>} run
 *   `over` has the client's option `transports`
 * @param {object} [options] as for testInPage
 */
export function testOverEach(name, run, options) {
  for (const transport of ["websocket", "long-polling"]) {
    testInPage(
      `${name}, over ${transport}`,
      (page, said) => run(page, { transports: [transport] }, said),
      options,
    );
  }
}

/** Waits until the page has said this: what a Worker prints may come later than what it answers. */
export async function heard(page, said, line) {
  while (!said.some((text) => line.test(text))) {
    await page.evaluate(() => {}); // WebKit's driver tells what was said with an answer alone
  }
}

/**
 * Has the page's clock stand still: by it, no answer becomes too old to be used, however busy the machine is. The module's
 * own clock is that of its Worker.
 */
export function stopClock(page) {
  return page.evaluate(() => {
    const now = performance.now();
    performance.now = () => now;
  });
}

/**
 * Calls a function of the package in the page.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {"createClient" | "load"} name
 * @param {object} [options]
 * @returns what it settled with: see in-page.js
 */
export function settle(page, name, options) {
  return page.evaluate(
    async (name, options) => {
      const [gws, { outcome }] = await Promise.all([
        import("/dist/index.js"),
        import("/in-page.js"),
      ]);
      return outcome(gws[name](options), gws.OutboundError);
    },
    name,
    options,
  );
}

/**
 * Makes a client in the page.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {object} options
 * @param {string} [from] where the package is
 * @returns {Promise<import("puppeteer-core").JSHandle>} of an object with the client, the
 *   package, what in-page.js has, and the client's events so far
 */
export function connect(page, options, from = "/dist/index.js") {
  return page.evaluateHandle(
    async (options, from) => {
      const [gws, inPage] = await Promise.all([import(from), import("/in-page.js")]);
      const client = await gws.createClient(options);
      const events = [];
      for (const name of ["statechange", "notification"]) {
        client.addEventListener(name, ({ type, detail }) => events.push({ type, ...detail }));
      }
      return { ...inPage, ...gws, client, events };
    },
    options,
    from,
  );
}

/**
 * Completes a record with the client that `connect` made.
 *
 * @param {import("puppeteer-core").JSHandle} session
 * @param {object} request
 * @param {object} [options]
 * @returns what it settled with: see in-page.js
 */
export function complete(session, request, options) {
  const settled = session.evaluate(
    ({ client, outcome, OutboundError }, request, options) =>
      outcome(client.completeRecord(request, options), OutboundError),
    request,
    options,
  );
  // A test that failed meanwhile closes the page: that one's error is to be reported.
  settled.catch(() => {});
  return settled;
}

// The browser of the benchmark, and its pages.

import { launchBrowser } from "../test/browser.mjs";

/** A page with what page.js exports. */
export class BenchPage {
  static async open(context, url) {
    const page = await context.newPage();
    await page.evaluateOnNewDocument(() => {
      globalThis.longTasks = 0;
      new PerformanceObserver((list) => {
        globalThis.longTasks += list.getEntries().length;
      }).observe({ type: "longtask", buffered: true });
    });
    await page.goto(url);
    return new BenchPage(page);
  }

  constructor(page) {
    this.page = page;
  }

  /** Calls a function of page.js. */
  run(name, ...args) {
    return this.page.evaluate(
      async (name, args) => (await import("/bench/page.js"))[name](...args),
      name,
      args,
    );
  }

  /** Runs `work`, and says how long the page's thread was busy meanwhile, in ms. */
  async busy(work) {
    const before = await this.page.metrics();
    const result = await work();
    const after = await this.page.metrics();
    return [
      result,
      {
        task: (after.TaskDuration - before.TaskDuration) * 1000,
        script: (after.ScriptDuration - before.ScriptDuration) * 1000,
      },
    ];
  }

  /** How many tasks of the page's thread took longer than 50 ms since the last call. */
  longTasks() {
    return this.page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve)); // the observer hears of it in a task
      const count = globalThis.longTasks;
      globalThis.longTasks = 0;
      return count;
    });
  }

  async close() {
    const context = this.page.browserContext();
    await (context.id === undefined ? this.page.close() : context.close());
  }
}

/** Launches the browser, for pages of `site`. */
export async function launch(site) {
  // Without an eye on the network: to tell puppeteer of each request takes Chromium about as long
  // as a third of it, most of all in a Worker, and nobody has that in a page that is used.
  const browser = await launchBrowser("chromium", { networkEnabled: false });
  const empty = new URL("/no-policy", site.url).href;
  return {
    version: await browser.version(),
    /** Opens a page in a profile of its own, which is like a window for private browsing. */
    openPage: async (url = empty) => BenchPage.open(await browser.createBrowserContext(), url),
    /** Opens a page in the profile that a user has: in others Chromium connects to no server ahead. */
    openTab: (url = empty) => BenchPage.open(browser.defaultBrowserContext(), url),
    close: () => browser.close(),
  };
}

// What the scenes have in common: a browser, pages with clients in them, each behind a line of its
// own, and the table of what was measured.

import { after } from "node:test";
import { build } from "esbuild";
import { launchBrowser } from "../browser.mjs";
import { InteropServer } from "../interop.mjs";
import { startSite } from "../site.mjs";

export const site = await startSite({ cached: true });
after(() => site.close());
site.files.set("/in-scene.js", await bundled("in-scene.js"));

// Without an eye on the network: to tell puppeteer of each request takes time.
const browser = await launchBrowser("chromium", { networkEnabled: false });
after(() => browser.close());

/** For both kinds of client. The options of the package's own defaults are too short for slow lines. */
const patience = { connectTimeout: 60_000, requestTimeout: 30_000, ackTimeout: 30_000 };

/** Starts a server, with that behavior, which is closed after the tests of this file. */
export async function startServer(kind, options, behavior) {
  const server = await InteropServer.start(kind, options);
  after(() => server.call("close"));
  await server.call("set", behavior);
  return server;
}

/** Pages that start their clients at once would wait for each other. */
let opening = Promise.resolve();

/** A client in a page of its own, or beside another one's, and its way to the server. */
export class Player {
  /**
   * @param {InteropServer} server
   * @param {"worker" | "shared" | "in place" | "adopted" | "cometd.js"} subject
   * @param {object} options of the client
   * @param {object} [where] to be: by default in a browser context of its own, with a line of its own
   * @param {import("puppeteer-core").Page} [where.page]
   * @param {import("puppeteer-core").BrowserContext} [where.context] whose cookies it shares
   */
  static async make(server, subject, options, { page, context } = {}) {
    const player = new Player();
    player.subject = subject;
    player.ownContext = !(context || page);
    const own = page?.browserContext() ?? context ?? (await browser.createBrowserContext());
    player.door = player.ownContext ? await server.door() : server;
    player.page = page ?? (await own.newPage());
    player.options = { ...patience, baseUrl: player.door.url, ...options };
    if (!page) await player.page.goto(new URL("/no-policy", site.url).href);
    return player;
  }

  /** Connects it when no other one is being connected. */
  async open() {
    const opened = opening.then(() => this.openNow());
    opening = opened;
    const { error } = await opened;
    if (error) {
      throw new Error(`${this.subject} could not be opened: ${error}`);
    }
  }

  /** Connects it. @returns {Promise<{ ms: number, error?: string }>} */
  openNow() {
    return this.run("open", this.options);
  }

  /** Calls a function of in-scene.js with the subject. */
  run(name, ...args) {
    return this.page.evaluate(
      async (name, args) => (await import("/in-scene.js"))[name](...args),
      name,
      [this.subject, ...args],
    );
  }

  /** Starts to complete a record. @returns {Promise<{ ms: number, error?: string }>} */
  complete(request) {
    return this.run("complete", request);
  }

  /** Waits until the server has taken a completion, whose acknowledgement it holds. */
  async accepted(referenceId) {
    while ((await this.door.call("held", { referenceId })).held === 0) {
      await sleep(20);
    }
  }

  /** How many sockets it asked for, and how many requests it aborted. */
  counts() {
    return this.door.call("counts");
  }

  async close() {
    if (this.ownContext) {
      await this.page.browserContext().close();
      await this.door.call("close");
    } else {
      await this.page.close();
    }
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The quantile q of figures, such as 0.95. */
export function quantile(figures, q) {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** Prints a table in Markdown after the tests of this file; `head` has the names of its columns. */
export function table(head) {
  const rows = [];
  after(() => {
    const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
    console.log(`\n${lines.join("\n")}\n`);
  });
  return (...cells) => rows.push(cells);
}

async function bundled(name) {
  const { outputFiles } = await build({
    entryPoints: [new URL(name, import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "esm",
    external: ["/dist/*"],
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

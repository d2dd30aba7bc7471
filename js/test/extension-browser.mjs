// Chromium with the extension, as `make extension` builds it, loaded unpacked.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const built = fileURLToPath(new URL("../../build/extension", import.meta.url));

/**
 * Starts a browser of its own for each test: a service worker that one test stops must not be
 * another's.
 *
 * @returns {Promise<Extension>}
 */
export async function startExtension() {
  const folder = await mkdtemp(join(tmpdir(), "gws-outbound-extension-"));
  const extension = new Extension(folder);
  try {
    await extension.start();
    return extension;
  } catch (error) {
    await extension.close();
    throw error;
  }
}

class Extension {
  /** What its pages have complained of: uncaught errors, errors on the console, CSP violations. */
  complaints = [];
  /** How often its service worker has been stopped, by whomever. */
  stops = 0;

  constructor(folder) {
    this.folder = folder;
  }

  async start() {
    await cp(built, this.folder, { recursive: true });
    // The one difference to what is built. An agent grants the server's origin when Chromium asks at
    // sign-in, in a window of its own that no driver can reach; what the manifest demands is granted.
    const manifest = join(this.folder, "manifest.json");
    const fields = JSON.parse(await readFile(manifest, "utf8"));
    await writeFile(
      manifest,
      JSON.stringify({ ...fields, host_permissions: ["http://127.0.0.1/*"] }),
    );
    this.browser = await puppeteer.launch({
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      headless: true,
      pipe: true,
      enableExtensions: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    this.browser.on("targetdestroyed", (target) => {
      if (target.type() === "service_worker") this.stops++;
    });
    this.id = await this.browser.installExtension(this.folder);
  }

  /**
   * Opens one of its pages in a tab.
   *
   * @param {string} path such as "popup.html"
   * @returns {Promise<import("puppeteer-core").Page>}
   */
  async open(path) {
    const page = await this.browser.newPage();
    await page.evaluateOnNewDocument(() => {
      addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
        console.error(`${effectiveDirective} forbids ${blockedURI}`),
      );
    });
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(`uncaught ${error}`));
    await page.goto(`chrome-extension://${this.id}/${path}`);
    return page;
  }

  /** @returns {Promise<import("puppeteer-core").WebWorker>} its service worker, which runs */
  async worker() {
    const target = await this.browser.waitForTarget((target) => target.type() === "service_worker");
    return target.worker();
  }

  /**
   * Stops its service worker as Chromium does: without a word to it.
   *
   * @param {import("puppeteer-core").Page} page one of its pages
   */
  async stopWorker(page) {
    const session = await page.createCDPSession();
    await session.send("ServiceWorker.enable");
    await session.send("ServiceWorker.stopAllWorkers");
    await session.detach();
  }

  /**
   * @returns {Promise<string[]>} what chrome://extensions would show under "Errors", the service
   *   worker's and those in the manifest included
   */
  async errors() {
    const page = await this.browser.newPage();
    await page.goto("chrome://extensions");
    const errors = await page.evaluate(async (id) => {
      const { manifestErrors, runtimeErrors } = await chrome.developerPrivate.getExtensionInfo(id);
      return [...manifestErrors, ...runtimeErrors].map(({ message }) => message);
    }, this.id);
    await page.close();
    return errors;
  }

  async close() {
    await this.browser?.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

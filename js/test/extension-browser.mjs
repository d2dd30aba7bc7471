// Chromium with the extension, as `make extension` builds it, loaded unpacked.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "./browser.mjs";

/** Where the simulators are. */
const granted = "http://127.0.0.1/*";

const built = fileURLToPath(new URL("../../build/extension", import.meta.url));

/**
 * Starts a browser that can load extensions. What it installs has the permission for simulators,
 * or, as `installBuilt` does it, is what the build made and has none.
 *
 * @returns {Promise<{ install(): Promise<Extension>, installBuilt(): Promise<Extension>, close(): Promise<void> }>}
 */
export async function extensionBrowser() {
  const folder = await mkdtemp(join(tmpdir(), "gws-outbound-extension-"));
  await copyBuilt(folder);
  const browser = await launchBrowser("chromium", { pipe: true, enableExtensions: true });
  const settings = await browser.newPage();
  await settings.goto("chrome://extensions");
  // Only then does Chromium collect the errors that Extension.errors() gives.
  await settings.evaluate(() =>
    chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true }),
  );
  const install = async (from) =>
    new Extension(browser, settings, await browser.installExtension(from));
  return {
    install: () => install(folder),
    installBuilt: () => install(built),
    close: async () => {
      await browser.close();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * The one difference to what is built: an agent grants the server's origin when Chromium asks at
 * sign-in, in a window of its own that no driver can reach; what the manifest demands is granted.
 */
async function copyBuilt(folder) {
  await cp(built, folder, { recursive: true });
  const file = join(folder, "manifest.json");
  const { optional_host_permissions: optional, ...fields } = JSON.parse(
    await readFile(file, "utf8"),
  );
  if (!optional.includes(granted)) throw new Error(`the manifest has no ${granted}`);
  await writeFile(file, JSON.stringify({ ...fields, host_permissions: [granted] }));
}

/** The extension, freshly installed. */
export class Extension {
  /** What its pages have complained of: uncaught errors, errors on the console, CSP violations. */
  complaints = [];
  /** How often its service worker has been stopped, by whomever. */
  stops = 0;
  #pages = [];

  constructor(browser, settings, id) {
    this.browser = browser;
    this.settings = settings;
    this.id = id;
    this.count = (target) => {
      if (target.type() === "service_worker") this.stops++;
    };
    browser.on("targetdestroyed", this.count);
  }

  /**
   * Opens one of its pages in a tab.
   *
   * @param {string} path such as "popup.html"
   * @param {() => void} [before] runs in the page before its own scripts
   * @returns {Promise<import("puppeteer-core").Page>}
   */
  async open(path, before = () => {}) {
    const page = await this.browser.newPage();
    this.#pages.push(page);
    await page.evaluateOnNewDocument(before);
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
  errors() {
    return this.settings.evaluate(async (id) => {
      const { manifestErrors, runtimeErrors } = await chrome.developerPrivate.getExtensionInfo(id);
      return [...manifestErrors, ...runtimeErrors].map(({ message }) => message);
    }, this.id);
  }

  /** Takes everything of it away: its pages, its service worker, its storage. */
  async uninstall() {
    this.browser.off("targetdestroyed", this.count);
    for (const page of this.#pages) if (!page.isClosed()) await page.close();
    // The next one must not take this one's end for its own worker's.
    const worker = this.browser.targets().find((target) => target.type() === "service_worker");
    const gone = new Promise((resolve) => {
      if (!worker) resolve();
      this.browser.on("targetdestroyed", (target) => target === worker && resolve());
    });
    await this.browser.uninstallExtension(this.id);
    await gone;
  }
}

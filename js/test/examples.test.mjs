// The examples in web/examples, each used as a person would. The one in Go runs
// with the Go tests.

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { build } from "vite";
import { root, startDemo } from "./demo.mjs";
import { site, testInPage } from "./in-browser.mjs";
import { Simulator } from "./simulator.mjs";
import { serveFolder } from "./site.mjs";

const examples = join(root, "web/examples");
const demo = await startDemo();

async function reads(page, selector, text) {
  await page.waitForFunction(
    (selector, text) => document.querySelector(selector)?.textContent.includes(text),
    {},
    selector,
    text,
  );
}

testInPage(
  "the plain page completes a record",
  async (page) => {
    await reads(page, "#state", "connected");
    await page.focus("[name=recordHandle]");
    await page.keyboard.press("Enter");
    await reads(page, "#outcome", "record 12 is completed");
    await page.$eval("[name=recordHandle]", (input) => {
      input.value = "twelve";
    });
    await page.click("button");
    await reads(page, "#outcome", "Nothing was done, try again: wrong request");
  },
  { path: new URL("/web/examples/plain/index.html", demo).href },
);

testInPage(
  "the operations, each by its function",
  async (page) => {
    await reads(page, "#log li:last-child", "done");
    const log = await page.$$eval("#log li", (items) => items.map((item) => item.textContent));
    assert.deepEqual(log, [
      "previewing Renewals",
      "2 other numbers",
      "number added",
      "number corrected",
      "completed",
      "to be called back",
      "left to others",
      "cancelled",
      "not to be called",
      "number not to be called",
      "done",
    ]);
  },
  { path: new URL("/web/examples/operations/index.html", demo).href },
);

testInPage(
  "the page that finds again what a reload has interrupted",
  async (page) => {
    const simulator = new Simulator(new URL(demo).origin);
    await simulator.set({ holdAck: true });
    const posts = (await simulator.posts()).length;
    for (const n of [1, 2]) {
      await reads(page, "#state", "connected");
      await page.click("#complete");
      await simulator.call("wait-posts", { n: posts + n });
      await page.reload();
      await reads(page, `#calls li:nth-child(${n})`, "completeRecord of record 12");
    }
    await page.click("#calls li:nth-child(1) button");
    await reads(page, "#calls li:nth-child(1)", "CLOSED");
    const { body } = (await simulator.posts()).at(-1);
    await simulator.call("ack", { referenceId: JSON.parse(body).referenceId });
    await reads(page, "#calls li:nth-child(2)", "completed");
    await simulator.set({});
  },
  { path: new URL("/web/examples/journal/index.html", demo).href },
);

testInPage(
  "the desktop's channels, also after its session was lost",
  async (page) => {
    const simulator = new Simulator(new URL(demo).origin);
    await page.waitForSelector("#stop:enabled");
    await reads(page, "#asked", "asked 3 times");
    const device = { id: "d", phoneNumber: "5005", deviceState: "Active" };
    await simulator.call("publish", { channel: "/v2/me/devices", data: { devices: [device] } });
    await reads(page, "#devices", "5005: Active");
    const call = (state) =>
      simulator.call("publish", {
        channel: "/v2/me/calls",
        data: { messageType: "CallStateChangeMessage", call: { id: "c", state } },
      });
    await call("Ringing");
    await reads(page, "#calls", "c: Ringing");
    await simulator.call("expire");
    await reads(page, "#asked", "asked 6 times"); // whose answers empty the lists
    await call("Established");
    await reads(page, "#calls", "c: Established");
    await page.click("#stop");
    await reads(page, "#state", "stopped");
  },
  {
    path: new URL("/web/examples/channels/index.html", demo).href,
    complaints: /status of 404/, // the simulator has no devices and calls
  },
);

testInPage(
  "two tabs of a desktop complete records, each way",
  async (page) => {
    const simulator = new Simulator(new URL(demo).origin);
    const inTabs = (selector) =>
      page.evaluate((selector) => {
        const frames = [...document.querySelectorAll("iframe")];
        return frames.map((frame) => frame.contentDocument.querySelector(selector)?.textContent);
      }, selector);
    const tabsRead = async (selector, ...texts) => {
      let now;
      do now = await inTabs(selector);
      while (!texts.every((text, i) => now[i]?.includes(text)));
    };
    for (const way of ["separate", "guest", "cometd", "shared"]) {
      if (way !== "separate") {
        await page.focus("[name=way]:checked");
        await page.keyboard.press("ArrowDown");
      }
      await page.waitForFunction(
        (way) =>
          [...document.querySelectorAll("iframe")].every(
            ({ contentDocument, contentWindow }) =>
              contentWindow.location.search.includes(way) &&
              contentDocument.querySelector("#complete:enabled"),
          ),
        {},
        way,
      );
      if (way === "separate") {
        const isPolite = (reason) => reason?.includes("another client in this browser");
        while ((await inTabs("#module-reason")).filter(isPolite).length !== 1); // the other is held
      }
      await page.focus("#complete");
      await page.keyboard.press("Enter");
      await tabsRead("#module-completed", "1", "1");
      await tabsRead("#desktop-event", " ms", " ms");
    }
    await reads(page, "#server", "CometD sessions");
    await simulator.set({});
  },
  { path: new URL("/web/examples/desktop/index.html", demo).href },
);

testInPage("the React hook keeps one client, and ends it with the component", async (page) => {
  const simulator = await Simulator.start();
  await page.goto(`${site.url}${await buildReact()}?server=${encodeURIComponent(simulator.url)}`);
  await reads(page, "#state", "connected");
  await page.click("button");
  await reads(page, "#outcome", "record 12 is completed");
  assert.equal((await simulator.posts()).length, 1);
  // Strict mode has made two clients, of which one was given up.
  await simulator.call("wait-sessions", { n: 1 });

  await simulator.set({ intervalMS: 90_000 }); // a reason that is there as soon as the client is
  await page.reload();
  await reads(page, "#state", "connected the server");
});

/** Builds the example with Vite; returns the path of its page on the site. */
async function buildReact() {
  const app = await mkdtemp(join(tmpdir(), "gws-outbound-react-"));
  after(() => rm(app, { recursive: true }));
  await cp(join(examples, "react"), join(app, "react"), { recursive: true });
  await cp(join(examples, "example.css"), join(app, "example.css"));
  const modules = join(app, "node_modules");
  await mkdir(modules);
  await symlink(join(root, "js"), join(modules, "gws-outbound"));
  for (const name of ["react", "react-dom"]) {
    await symlink(join(root, "js/node_modules", name), join(modules, name));
  }
  await build({
    root: join(app, "react"),
    base: "./",
    configFile: false,
    logLevel: "warn",
    build: { outDir: join(app, "out"), emptyOutDir: true },
  });
  await serveFolder(site, join(app, "out"), "/react/");
  return "/react/index.html";
}

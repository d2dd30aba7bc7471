// The sample extension, loaded unpacked in Chromium, against simulators whose
// cookies are SameSite=Lax: with those no WebSocket of an extension is signed in.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { extensionBrowser } from "./extension-browser.mjs";
import { request } from "./sample.mjs";
import { Simulator } from "./simulator.mjs";

const screenshots = fileURLToPath(new URL("../../build/screenshots", import.meta.url));
await mkdir(screenshots, { recursive: true });
const browser = await extensionBrowser();
after(() => browser.close());

/** What Chromium itself puts on the list of errors where a WebSocket is refused. */
const refusedSocket = /^WebSocket connection to .* failed: HTTP Authentication failed/;

/**
 * Defines a test with the extension freshly installed. Whatever the extension complains of fails it, CSP
 * violations and the service worker's errors included.
 *
 * @param {string} name
 * @param {(extension: import("./extension-browser.mjs").Extension) => Promise<void>} run
 * @param {() => Promise<import("./extension-browser.mjs").Extension>} [install]
 */
function testExtension(name, run, install = browser.install) {
  test(name, { timeout: 180_000 }, async () => {
    const extension = await install();
    try {
      await run(extension);
      const said = [...extension.complaints, ...(await extension.errors())];
      assert.deepEqual(
        said.filter((line) => !refusedSocket.test(line)),
        [],
        "the extension complained",
      );
    } finally {
      await extension.uninstall();
    }
  });
}

const byId = (id) => `[data-testid=${id}]`;
const inState = (state) => `${byId("completion")}[data-state=${state}]`;

/** Replaces the text of a field. */
async function fill(page, id, text) {
  await page.focus(byId(id));
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyA");
  await page.keyboard.up("Control");
  await page.keyboard.press("Backspace");
  await page.keyboard.type(text);
}

/** Signs in on the extension's own page, and leaves it. */
async function signIn(
  extension,
  baseUrl,
  { user = "agent", password = "secret", until = "[data-state=connected]", before } = {},
) {
  const page = await extension.open("sign-in.html", before);
  await fill(page, "baseUrl", baseUrl);
  await fill(page, "user", user);
  await fill(page, "password", password);
  // Where somebody is signed in already, the page shows their session until it has ended.
  await page.evaluate(() => {
    const pill = document.querySelector("#state");
    const look = () => pill.dataset.state !== "connected" && pill.setAttribute("data-new", "");
    new MutationObserver(look).observe(pill, { attributeFilter: ["data-state"] });
    look();
  });
  await page.keyboard.press("Enter");
  await page.waitForSelector(`#state[data-new]${until}`).catch(async (cause) => {
    const shown = await page.$eval("#state", ({ outerHTML }) => outerHTML);
    throw new Error(`signing in: the page shows ${shown}`, { cause });
  });
  await page.close();
}

/** Opens the popup in a tab, as wide and high as Chromium would make it. */
async function openPopup(extension) {
  const popup = await extension.open("popup.html");
  await popup.setViewport({ width: 416, height: 600 });
  return popup;
}

/** Completes the sample record, by keyboard. */
async function complete(popup, changes = {}, beforeIt = () => {}) {
  const { recordHandle, applicationId, campaignName, callingList, devicePath } = request;
  const fields = { recordHandle, applicationId, campaignName, callingList, devicePath, ...changes };
  for (const [name, value] of Object.entries(fields)) await fill(popup, name, String(value));
  await popup.keyboard.press("Tab"); // from the last field to the call results
  await popup.keyboard.press("Space");
  assert.equal(await popup.evaluate(() => document.activeElement.dataset.testid), "Answer");
  await beforeIt();
  await popup.keyboard.press("Enter");
}

/** @returns what the popup shows of the only completion in this state, once it does */
async function completionIn(popup, state) {
  const card = await popup.waitForSelector(inState(state));
  return card.evaluate((card) => ({ ...card.dataset, text: card.innerText }));
}

const click = async (page, id) => (await page.waitForSelector(byId(id))).click();

/** Waits until the extension's button says so. */
const badgeIs = (page, text) =>
  page.waitForFunction(async (text) => (await chrome.action.getBadgeText({})) === text, {}, text);

/** Takes pictures of a page, for a person to look at. */
async function picture(page, name) {
  const [width, needed] = await page.evaluate(() => [
    innerWidth,
    document.documentElement.scrollWidth,
  ]);
  assert.ok(needed <= width, `${name} needs ${needed} pixels`);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.screenshot({
      path: join(screenshots, `extension-${name}-${scheme}.png`),
      fullPage: true,
    });
  }
}

testExtension("completes a record from the popup, by keyboard", async (extension) => {
  const simulator = await Simulator.start();
  await signIn(extension, simulator.url);
  const popup = await openPopup(extension);
  await popup.waitForSelector("#state[data-state=connected][data-transport=long-polling]");
  await picture(popup, "idle");
  await complete(popup);
  const { text, reference } = await completionIn(popup, "resolved");
  assert.match(text, /Record 12[\s\S]*Acknowledged[\s\S]*Answer/);
  await picture(popup, "resolved");

  const [post, ...more] = await simulator.posts();
  assert.deepEqual(more, []);
  const { phoneNumber: _, recordHandle: __, ...parameters } = request;
  assert.deepEqual(JSON.parse(post.body), {
    operationName: "CompleteRecord",
    ...parameters,
    referenceId: reference,
  });
  assert.equal(post.user, "agent");

  // The form keeps what the next record has in common with this one.
  const left = await popup.$$eval("#record input:not([type=radio])", (inputs) =>
    inputs.map(({ value }) => value),
  );
  const { applicationId, campaignName, callingList, devicePath } = request;
  assert.deepEqual(left, ["", String(applicationId), campaignName, callingList, devicePath]);
  assert.equal(await popup.$("input[type=radio]:checked"), null);
  await badgeIs(popup, "");

  // The server need not keep a session that nobody uses.
  await popup.close();
  await simulator.call("wait-sessions", { n: 0 });
});

testExtension("the password is in memory only", async (extension) => {
  const simulator = await Simulator.start();
  await signIn(extension, simulator.url);
  const popup = await openPopup(extension);
  await popup.waitForSelector("#state[data-state=connected]");
  const [local, sync, session] = await popup.evaluate(() =>
    Promise.all([
      chrome.storage.local.get(),
      chrome.storage.sync.get(),
      chrome.storage.session.get(),
    ]),
  );
  assert.equal(session.password, "secret");
  assert.equal(local.baseUrl, simulator.url);
  assert.deepEqual(sync, {});
  for (const secret of ["secret", btoa("agent:secret")])
    assert.ok(!JSON.stringify(local).includes(secret));
});

testExtension("the popup of the extension's button works", async (extension) => {
  const simulator = await Simulator.start();
  await signIn(extension, simulator.url);
  const worker = await extension.worker();
  const opened = extension.browser.waitForTarget((target) => target.url().endsWith("/popup.html"));
  await worker.evaluate(() => chrome.action.openPopup());
  const popup = await (await opened).asPage();
  await popup.waitForSelector("#state[data-state=connected]");
  await complete(popup);
  await completionIn(popup, "resolved");
  const size = await popup.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
  assert.equal(size[0], size[1], "it can be scrolled sideways");
});

testExtension("a server that refuses the handshake on a WebSocket it took", async (extension) => {
  const simulator = await Simulator.start({ openWebSocket: true });
  await signIn(extension, simulator.url);
  const popup = await openPopup(extension);
  await popup.waitForSelector("#state[data-state=connected][data-transport=long-polling]");
  await complete(popup);
  await completionIn(popup, "resolved");
});

for (const [what, behavior, code, delivery, words] of [
  [
    "a refusal",
    { statusCode: 5, statusMessage: "Feature missing" },
    "API_ERROR",
    "rejected",
    /Feature missing[\s\S]*nothing was changed/,
  ],
  ["a cut", { postCut: true }, "NETWORK_ERROR", "unknown", /may have been processed/],
  [
    "another event",
    { notification: "RecordProcessedError" },
    "RECORD_ERROR",
    "accepted",
    /GWS took it/,
  ],
]) {
  testExtension(`${what} is shown with its delivery`, async (extension) => {
    const simulator = await Simulator.start(behavior);
    await signIn(extension, simulator.url);
    const popup = await openPopup(extension);
    await complete(popup);
    const failed = await completionIn(popup, "failed");
    assert.deepEqual([failed.code, failed.delivery], [code, delivery], failed.text);
    assert.match(failed.text, words);
    await badgeIs(popup, delivery === "rejected" ? "" : "1");
    await picture(popup, code);
    await click(popup, "dismiss");
    await popup.waitForSelector(byId("completion"), { hidden: true });
    await badgeIs(popup, "");
  });
}

testExtension("a wrong field is shown beside it", async (extension) => {
  const simulator = await Simulator.start();
  await signIn(extension, simulator.url);
  const popup = await openPopup(extension);
  await complete(popup, { recordHandle: "twelve" });
  const field = await popup.waitForSelector(`${byId("recordHandle")}[aria-invalid=true]`);
  assert.match(
    await field.evaluate((input) => input.closest(".field").textContent),
    /positive integer/,
  );
  const failed = await completionIn(popup, "failed");
  assert.deepEqual([failed.code, failed.delivery], ["INVALID_REQUEST", "not-sent"]);
  assert.deepEqual(await simulator.posts(), []);
});

testExtension("a call result is demanded", async (extension) => {
  const simulator = await Simulator.start();
  await signIn(extension, simulator.url);
  const popup = await openPopup(extension);
  await popup.waitForSelector("#state[data-state=connected]");
  await fill(popup, "recordHandle", "12");
  await popup.keyboard.press("Enter");
  await popup.waitForFunction(
    () => document.querySelector("#form-problem").textContent === "Choose a call result.",
  );
  assert.equal(await popup.$(byId("completion")), null);
});

testExtension(
  "without the permission for its server, which Chromium's user can take back, it sends nothing",
  async (extension) => {
    const simulator = await Simulator.start();
    const popup = await openPopup(extension);
    await popup.waitForSelector(`${byId("connection-problem")}[data-code=SIGNED_OUT]`);
    const granted = await popup.evaluate(() => chrome.permissions.getAll());
    assert.deepEqual(granted, { permissions: ["storage"], origins: [] });
    await popup.evaluate(
      (baseUrl) => chrome.storage.local.set({ baseUrl, user: "", signedInAt: 1 }),
      simulator.url,
    );
    await popup.waitForSelector(`${byId("connection-problem")}[data-code=NO_PERMISSION]`);
    await complete(popup);
    const failed = await completionIn(popup, "failed");
    assert.deepEqual([failed.code, failed.delivery], ["NO_PERMISSION", "not-sent"]);
    assert.deepEqual(await simulator.posts(), []);
  },
  browser.installBuilt,
);

testExtension("tells why there is no connection", async (extension) => {
  const simulator = await Simulator.start();
  const popup = await openPopup(extension);
  await popup.waitForSelector(`${byId("connection-problem")}[data-code=SIGNED_OUT]`);
  await picture(popup, "signed-out");
  await popup.close();
  const page = await extension.open("sign-in.html");
  await fill(page, "baseUrl", "http://gws.example.com");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${byId("baseUrl")}[aria-invalid=true]`);
  await picture(page, "sign-in");
  await fill(page, "baseUrl", simulator.url);
  await fill(page, "user", "agent:1");
  await fill(page, "password", "secret");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${byId("user")}[aria-invalid=true]`);
  await page.close();
  await signIn(extension, simulator.url, { password: "wrong", until: "[data-code=UNAUTHORIZED]" });
  const again = await openPopup(extension);
  await again.waitForSelector(`${byId("connection-problem")}[data-code=UNAUTHORIZED]`);
  await complete(again);
  const failed = await completionIn(again, "failed");
  assert.deepEqual([failed.code, failed.delivery], ["UNAUTHORIZED", "not-sent"]);
  assert.deepEqual(await simulator.posts(), []);
});

testExtension(
  "a completion that the service worker's end cut off is shown, and is sent again only on a second word",
  async (extension) => {
    const simulator = await Simulator.start({ holdAck: true });
    await signIn(extension, simulator.url);
    const popup = await openPopup(extension);
    await complete(popup);
    await simulator.call("wait-posts", { n: 1 });
    const { reference } = await completionIn(popup, "pending");
    await picture(popup, "pending");

    await extension.stopWorker(popup);
    const cut = await completionIn(popup, "interrupted");
    assert.equal(cut.reference, reference);
    assert.equal(cut.delivery, "unknown");
    assert.match(cut.text, /outcome was not heard[\s\S]*may have been processed/);
    await badgeIs(popup, "1");
    assert.equal(extension.stops, 1);
    await picture(popup, "interrupted");

    // Nor is it sent a second time by mistake from the form.
    await complete(popup);
    await popup.waitForFunction(() =>
      /dismiss it there first/.test(document.querySelector("#form-problem").textContent),
    );

    // A second Enter, on the button that has the focus then, takes it back.
    await popup.focus(byId("again"));
    await popup.keyboard.press("Enter");
    await popup.waitForSelector(byId("confirm-again"));
    await picture(popup, "confirm");
    await popup.keyboard.press("Enter");
    await popup.waitForSelector(byId("again"));
    assert.equal((await simulator.posts()).length, 1);

    await click(popup, "again");
    await click(popup, "confirm-again");
    await simulator.call("wait-posts", { n: 2 });
    await simulator.call("ack", { referenceId: reference });
    await completionIn(popup, "resolved");
    const references = (await simulator.posts()).map(({ body }) => JSON.parse(body).referenceId);
    assert.deepEqual(references, [reference, reference]);
    await badgeIs(popup, "");
  },
);

/** Has the extension's storage answer a page only once somebody has pressed Enter there. */
function slowStorage() {
  const get = chrome.storage.local.get.bind(chrome.storage.local);
  const entered = new Promise((resolve) => {
    addEventListener("keyup", ({ key }) => key === "Enter" && resolve(), true);
  });
  chrome.storage.local.get = async (...names) => {
    await entered;
    return get(...names);
  };
}

testExtension(
  "what is typed before the storage has answered stays, and counts",
  async (extension) => {
    const first = await Simulator.start();
    await signIn(extension, first.url, { user: "agent2" });
    const simulator = await Simulator.start();
    await signIn(extension, simulator.url, { before: slowStorage });
    const popup = await extension.open("popup.html", slowStorage);
    await complete(popup, { recordHandle: "77" });
    await completionIn(popup, "resolved");
    const [{ path }] = await simulator.posts();
    assert.match(path, /\/77$/);
  },
);

testExtension("a second attempt that fails takes nothing back of the first", async (extension) => {
  const simulator = await Simulator.start({ holdAck: true });
  await signIn(extension, simulator.url);
  const popup = await openPopup(extension);
  await complete(popup);
  await simulator.call("wait-posts", { n: 1 });
  await extension.stopWorker(popup);
  await completionIn(popup, "interrupted");
  await simulator.set({ statusCode: 5, statusMessage: "Feature missing" });
  await click(popup, "again");
  await click(popup, "confirm-again");
  const failed = await completionIn(popup, "failed");
  assert.equal(failed.code, "API_ERROR");
  assert.equal(failed.delivery, "unknown");
});

testExtension("what was cut off before it was sent is not-sent", async (extension) => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  try {
    await signIn(extension, `http://127.0.0.1:${silent.address().port}`, {
      until: "[data-state=connecting]",
    });
    const popup = await openPopup(extension);
    await complete(popup);
    await completionIn(popup, "pending");
    await extension.stopWorker(popup);
    const cut = await completionIn(popup, "interrupted");
    assert.equal(cut.delivery, "not-sent");
    assert.match(cut.text, /Nothing was sent/);

    // To send it again takes no second word, and works on another server.
    const simulator = await Simulator.start();
    await signIn(extension, simulator.url);
    await click(popup, "again");
    await completionIn(popup, "resolved");
    assert.equal((await simulator.posts()).length, 1);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

testExtension(
  "with the popup closed, the service worker outlives its 30 seconds while a completion is pending",
  async (extension) => {
    const simulator = await Simulator.start({ holdAck: true });
    await signIn(extension, simulator.url);
    const popup = await openPopup(extension);
    await complete(popup);
    await simulator.call("wait-posts", { n: 1 });
    const { reference } = await completionIn(popup, "pending");
    await popup.close();

    // Time itself is what is tested: without a sign of life it would be stopped in this.
    await new Promise((resolve) => setTimeout(resolve, 36_000));
    assert.equal(extension.stops, 0);
    await simulator.call("ack", { referenceId: reference });
    await simulator.call("wait-sessions", { n: 0 }); // which is how it rests after the last one
    const later = await openPopup(extension);
    await completionIn(later, "resolved");
    const [{ request: stored, state }] = await later.evaluate(async () => {
      const { completions } = await chrome.storage.local.get("completions");
      return completions;
    });
    assert.deepEqual([stored.referenceId, state], [reference, "resolved"]);
  },
);

/** What is kept of an agent's work. */
const kept = (page) =>
  page.evaluate(async () => {
    const { completions, draft } = await chrome.storage.local.get(["completions", "draft"]);
    return {
      handles: completions.map(({ request }) => request.recordHandle),
      draft: draft ?? null,
    };
  });

testExtension("when another agent is typed in, nothing of the first is left", async (extension) => {
  const simulator = await Simulator.start({ postCut: true });
  await signIn(extension, simulator.url);
  const popup = await openPopup(extension);
  await complete(popup);
  await completionIn(popup, "failed");
  await badgeIs(popup, "1");

  // The same agent again has it still.
  await signIn(extension, simulator.url);
  assert.deepEqual((await kept(popup)).handles, [String(request.recordHandle)]);

  await signIn(extension, simulator.url, { user: "agent2" });
  await popup.waitForSelector(byId("completion"), { hidden: true });
  assert.deepEqual(await kept(popup), { handles: [], draft: null });
  await badgeIs(popup, "");
  await popup.waitForFunction(() =>
    [...document.querySelectorAll("#record input:not([type=radio])")].every(
      ({ value }) => value === "",
    ),
  );
});

testExtension(
  "when another agent has signed in in a tab, nothing is sent in their name, nor left of the first",
  async (extension) => {
    const simulator = await Simulator.start({ holdAck: true, numericIDs: true });
    const tab = await extension.browser.newPage();
    try {
      await tab.goto(`${simulator.url}/login`);
      await tab.evaluate(() =>
        fetch("/api/v2/me", { headers: { Authorization: `Basic ${btoa("agent:secret")}` } }),
      );
    } finally {
      await tab.close();
    }
    await signIn(extension, simulator.url, { user: "", password: "" });
    const popup = await openPopup(extension);
    await complete(popup);
    await simulator.call("wait-posts", { n: 1 });
    await completionIn(popup, "pending");

    // At the last moment: after a stall of the machine the client asks for itself who is signed in.
    await complete(popup, { recordHandle: 13 }, () => simulator.call("become", { user: "agent1" }));
    await popup.waitForSelector(byId("completion"), { hidden: true });
    assert.deepEqual((await kept(popup)).handles, []);
    const posts = await simulator.posts();
    assert.deepEqual(
      posts.map(({ user, status }) => [user, status]),
      [
        ["agent", 200],
        ["agent1", 403],
      ],
    );

    // Whoever is signed in now goes on.
    await simulator.set({ numericIDs: true });
    await click(popup, "retry");
    await popup.waitForSelector("#state[data-state=connected]");
    await complete(popup, { recordHandle: 14 });
    await completionIn(popup, "resolved");
    assert.deepEqual((await kept(popup)).handles, ["14"]);

    // Another one again, while nobody looks.
    await popup.close();
    await simulator.call("wait-sessions", { n: 0 });
    await simulator.call("become", { user: "agent2" });
    const later = await openPopup(extension);
    await later.waitForSelector("#state[data-state=connected]");
    assert.deepEqual((await kept(later)).handles, []);
  },
);

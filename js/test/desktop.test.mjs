// The demo page, by keyboard alone, as `make run` serves it.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, startDemo } from "./demo.mjs";
import { engine, failures, lacking } from "./engine.mjs";
import { testInPage } from "./in-browser.mjs";
import { focused, tabTo } from "./keyboard.mjs";
import { Simulator } from "./simulator.mjs";

const screenshots = join(root, "build", "screenshots");
await mkdir(screenshots, { recursive: true });
const desktop = await startDemo();
const simulator = new Simulator(desktop.replace(/\/$/, ""));
const axe = await readFile(join(root, "js/node_modules/axe-core/axe.min.js"), "utf8");

/** How the page shows that the POST was answered: WebKit does not tell it the status. */
const answered = engine === "webkit" ? "POST ended\\d" : "HTTP 200 accepted";

/** Replaces the text of the field that has the focus. */
async function retype(page, text) {
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyA");
  await page.keyboard.up("Control");
  await page.keyboard.press("Backspace");
  await page.keyboard.type(text);
}

async function connectByKeyboard(page) {
  await page.waitForSelector("[data-testid=connect]:not([disabled])");
  await tabTo(page, "connect");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=state][data-state=connected]");
}

/** Waits for the newest record's outcome. */
async function outcome(page) {
  const card = await page.waitForSelector("[data-testid=outcome]:not([data-outcome=pending])");
  return card.evaluate((card) => ({ ...card.dataset, text: card.textContent }));
}

testInPage(
  "connect, fill in, choose a call result, complete: by keyboard",
  async (page) => {
    await connectByKeyboard(page);

    await tabTo(page, "recordHandle");
    await retype(page, "77");
    await tabTo(page, "callResult");
    await retype(page, "wrong");
    const choices = await page.$$eval("[role=option]", (items) =>
      items.map(({ dataset }) => dataset.name),
    );
    assert.deepEqual(choices, ["WrongParty", "WrongNumber"]);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await page.$eval("[data-testid=callResult]", ({ value }) => value), "WrongNumber");

    await tabTo(page, "complete");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".moment.answer"); // which may come after the outcome
    const done = await outcome(page);
    assert.equal(done.outcome, "resolved", done.text);
    const moments = ["POST sent", answered, "Acknowledgement received"];
    assert.match(done.text, new RegExp(moments.join("[\\s\\S]*")));
    const data = await page.$eval("[data-testid=outcome] pre", ({ textContent }) => textContent);
    assert.equal(JSON.parse(data).record.recordHandle, 77);
  },
  { path: desktop },
);

testInPage(
  "a wrong field is shown, and what it means",
  async (page) => {
    await connectByKeyboard(page);
    await tabTo(page, "recordHandle");
    await retype(page, "twelve");
    await page.keyboard.press("Enter");
    const field = await page.waitForSelector("[data-testid=recordHandle][aria-invalid=true]");
    const told = await field.evaluate((input) => input.closest(".field").textContent);
    assert.match(told, /positive integer/);
    assert.equal(await focused(page), "recordHandle");
    const failed = await outcome(page);
    assert.equal(failed.code, "INVALID_REQUEST");
    assert.equal(failed.delivery, "not-sent");
  },
  { path: desktop },
);

/** Waits until an element's text fits. */
function reads(page, testid, pattern) {
  return page.waitForFunction(
    (testid, source) =>
      new RegExp(source).test(document.querySelector(`[data-testid=${testid}]`)?.textContent ?? ""),
    {},
    testid,
    pattern.source,
  );
}

/** Waits until the element with this data-testid has the focus. */
function focusComesTo(page, testid) {
  return page.waitForFunction(
    (testid) => document.activeElement.dataset.testid === testid,
    {},
    testid,
  );
}

/** Puts the focus on a button and presses it. */
async function press(page, testid) {
  await page.$eval(`[data-testid=${testid}]`, (button) => button.focus());
  await page.keyboard.press("Enter");
}

/** Connects, starts a preview session of Renewals, and gets its first record, with its chain. */
async function getRecord(page) {
  await simulator.call("reset", { seed: 1 });
  await connectByKeyboard(page);
  await page.waitForFunction(
    () => document.querySelector("[data-testid=campaign]").value === "Renewals",
  );
  await tabTo(page, "start");
  await page.keyboard.press("Enter");
  await focusComesTo(page, "next");
  await page.keyboard.press("Enter");
  await focusComesTo(page, "record-name");
  await page.waitForFunction(
    () => document.querySelectorAll("[data-testid=chain] li").length === 3,
  );
}

/** What the simulator knows of the first contact's numbers. */
async function firstContact() {
  const { campaigns } = await simulator.call("state");
  const { records } = campaigns.find(({ name }) => name === "Renewals").callingLists[0];
  return records.slice(0, 3);
}

const statuses = async () => (await firstContact()).map(({ status }) => status);

testInPage(
  "the whole of an agent's work, by keyboard: two keystrokes complete a record",
  async (page) => {
    await getRecord(page);
    await reads(page, "record-fields", /PolicyNumberHX-\d{6}/);
    // The two keystrokes.
    await page.keyboard.press("Digit1");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "next");
    assert.deepEqual(await statuses(), ["completed", "completed", "completed"]);
    await reads(page, "announcement", /^Complete: Acknowledgement received after \d+ ms\.$/);
    await reads(page, "timeline", /Record 70001[\s\S]*Complete[\s\S]*Get the chain[\s\S]*Renewals/);
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-name");
    await tabTo(page, "reject");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "next");
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "leave");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "campaign");
  },
  { path: desktop },
);

testInPage(
  "a number that did not answer leads to the next of the contact; favourites outlive the page",
  async (page) => {
    await getRecord(page);
    await page.keyboard.press("Digit2");
    await page.keyboard.press("Enter");
    await reads(page, "chain", /NoAnswer[\s\S]*this one[\s\S]*Work on it/);
    assert.equal(await focused(page), "record-name");
    await tabTo(page, "result");
    await page.keyboard.type("FaxDetected");
    await tabTo(page, "favour");
    await page.keyboard.press("Enter");
    await reads(page, "favourites", /6FaxDetected/);

    await page.goto(desktop);
    await reads(page, "favourites", /6FaxDetected/);
    await connectByKeyboard(page);
    await reads(page, "chain", /NoAnswer[\s\S]*this one/); // what the agent has is there again
    await page.$eval("[data-testid=record-name]", (name) => name.focus());
    await page.keyboard.press("Digit6");
    await page.keyboard.press("Enter");
    await reads(page, "chain", /NoAnswer[\s\S]*FaxDetected[\s\S]*this one/);
    assert.deepEqual(await statuses(), ["completed", "completed", "retrieved"]);
  },
  { path: desktop },
);

testInPage(
  "reschedule, with a date to come",
  async (page) => {
    await getRecord(page);
    await tabTo(page, "reschedule");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "reschedule-at");
    if (engine === "chromium") {
      for (const key of ["Tab", "Tab", "ArrowDown", "Enter"]) await page.keyboard.press(key); // last year
      await page.waitForSelector("[data-testid=reschedule-at][aria-invalid=true]");
      await page.keyboard.press("Escape");
      await focusComesTo(page, "reschedule");
      await page.keyboard.press("Enter");
      await focusComesTo(page, "reschedule-at");
      for (const key of ["Tab", "Tab", "ArrowUp"]) await page.keyboard.press(key);
    }
    const at = await page.$eval("[data-testid=reschedule-at]", ({ value }) =>
      new Date(value).getTime(),
    );
    await page.keyboard.press("Enter");
    await reads(page, "chain", /rescheduled[\s\S]*this one/);
    const [{ status, scheduledFor, callbackType }] = await firstContact();
    assert.equal(status, "scheduled");
    assert.equal(callbackType, "Personal");
    assert.equal(new Date(scheduledFor).getTime(), at);
  },
  { path: desktop },
);

testInPage(
  "do not call, once it is confirmed; so is a cancellation",
  async (page) => {
    await getRecord(page);
    await tabTo(page, "do-not-call");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("Escape");
    await focusComesTo(page, "do-not-call");
    assert.deepEqual(await statuses(), ["retrieved", "retrieved", "retrieved"]);

    await tabTo(page, "cancel-record");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("Enter");
    await reads(page, "chain", /cancelled[\s\S]*this one/);

    await tabTo(page, "do-not-call");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "confirm");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "next");
    assert.deepEqual(await statuses(), ["cancelled", "do-not-call", "do-not-call"]);
  },
  { path: desktop },
);

testInPage(
  "what the server tells unasked: a pushed record is offered, a stopped campaign ends the session",
  async (page) => {
    await getRecord(page);
    const pushed = await simulator.call("push", { campaignName: "Renewals", user: "agent" });
    await reads(page, "notifications", /The server has a record for you/);
    await press(page, "take");
    await reads(page, "announcement", /Finish the present record first/);
    await press(page, "reject");
    await focusComesTo(page, "next");
    await press(page, "take");
    await focusComesTo(page, "record-name");
    await reads(page, "desk", new RegExp(`Record ${pushed.recordHandle}`));
    await simulator.call("campaign", { campaignName: "Renewals", status: "loaded" });
    await reads(page, "notifications", /Renewals is stopped\. Your preview session is over/);
    await reads(page, "campaign-summary", /Renewals is stopped/);
    await press(page, "start");
    await reads(page, "campaign-problem", /API_ERROR[\s\S]*nothing was changed/);
  },
  { path: desktop },
);

testInPage(
  "no such campaign; and one that has no record left",
  async (page) => {
    await simulator.call("reset", { seed: 1 });
    await connectByKeyboard(page);
    await page.waitForFunction(() => document.querySelector("[data-testid=campaign]").value !== "");
    await tabTo(page, "campaign");
    await retype(page, "No such campaign");
    await press(page, "start");
    await reads(page, "campaign-problem", /API_ERROR[\s\S]*nothing was changed/);
    await page.$eval("[data-testid=campaign]", (field) => field.focus());
    await retype(page, "Fibre upgrade");
    await press(page, "start");
    await focusComesTo(page, "next");
    const body = JSON.stringify({ notificationType: "PreviewRecordEmpty" });
    await simulator.call("fault", { at: "event", do: "amend", body, times: 1 });
    await page.keyboard.press("Enter");
    await reads(page, "campaign-problem", /No record is left here now/);
    assert.equal(await focused(page), "next");
  },
  { path: desktop, complaints: failures },
);

/** Faults of the next operation, and what the page says of the record then. */
const faults = [
  { name: "fail", says: /API_ERROR[\s\S]*nothing was changed\. The record is still yours/ },
  { name: "other-event", says: /RECORD_ERROR[\s\S]*the outcome is not known/ },
  { name: "refuse-csrf", timeline: /POST sent again/ },
  { name: "cut-post", timeline: /Acknowledgement received/ },
  { name: "expire-http", told: /Sign out: done/, timeline: /POST sent again/ },
];
for (const { name, told = /with your next operation/, says, timeline } of faults) {
  testInPage(
    `fault ${name}: what the page says`,
    async (page) => {
      await getRecord(page);
      await press(page, `own-${name}`);
      await reads(page, "fault-told", told);
      await page.$eval("[data-testid=record-name]", (name) => name.focus());
      await page.keyboard.press("Digit1");
      await page.keyboard.press("Enter");
      if (says) await reads(page, "desk-problem", says);
      else {
        await focusComesTo(page, "next");
        await reads(page, "timeline", timeline);
        assert.equal((await statuses())[0], "completed");
      }
    },
    { path: desktop, complaints: failures },
  );
}

testInPage(
  "fault lose-answer: the agent stops waiting, and puts aside what was done",
  async (page) => {
    await getRecord(page);
    await press(page, "own-lose-answer");
    await reads(page, "fault-told", /with your next operation/);
    await page.$eval("[data-testid=record-name]", (name) => name.focus());
    await page.keyboard.press("Digit1");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() =>
      /HTTP 200|POST ended/.test(document.querySelector("[data-testid=outcome]").textContent),
    );
    await press(page, "stop");
    await reads(page, "desk-problem", /ABORTED[\s\S]*GWS took it, but the outcome is not known/);
    await press(page, "put-aside");
    await reads(page, "chain", /put aside/);
  },
  { path: desktop },
);

for (const name of ["cut", "expire"]) {
  testInPage(
    `fault ${name}: the connection comes back`,
    async (page) => {
      await getRecord(page);
      await page.evaluate(() => {
        const pill = document.querySelector("[data-testid=state]");
        globalThis.states = [];
        new MutationObserver(() => globalThis.states.push(pill.dataset.state)).observe(pill, {
          attributeFilter: ["data-state"],
        });
      });
      await press(page, `own-${name}`);
      await reads(page, "fault-told", /done/);
      await page.waitForFunction(() => globalThis.states.includes("reconnecting"));
      await page.waitForSelector("[data-testid=state][data-state=connected]");
      await page.$eval("[data-testid=record-name]", (name) => name.focus());
      await page.keyboard.press("Digit1");
      await page.keyboard.press("Enter");
      await focusComesTo(page, "next");
      assert.equal((await statuses())[0], "completed");
    },
    { path: desktop, complaints: failures },
  );
}

testInPage(
  "faults delay-answer and cut: the timeline tells of the connection while the answer is awaited",
  async (page) => {
    await getRecord(page);
    await press(page, "own-delay-answer");
    await reads(page, "fault-told", /with your next operation/);
    await page.$eval("[data-testid=record-name]", (name) => name.focus());
    await page.keyboard.press("Digit1");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() =>
      /HTTP 200|POST ended/.test(document.querySelector("[data-testid=outcome]").textContent),
    );
    await press(page, "own-cut");
    await focusComesTo(page, "next");
    await reads(
      page,
      "timeline",
      /POST sent[\s\S]*Connection lost[\s\S]*Connected again[\s\S]*Acknowledgement received/,
    );
  },
  { path: desktop, complaints: failures },
);

testInPage(
  "fault kick: the page says why it is not connected, and keeps the record",
  async (page) => {
    await getRecord(page);
    await press(page, "own-kick");
    await reads(page, "connection-problem", /DISCONNECTED[\s\S]*Connect again/);
    await page.waitForFunction(() => document.querySelector("[data-testid=own-faults]").hidden);
    await page.waitForSelector("[data-testid=connect]:not([disabled])");
    await press(page, "connect"); // Firefox passes no key to a button that had the focus when it was disabled
    await page.waitForSelector("[data-testid=state][data-state=connected]");
    await reads(page, "desk", /Record 70001/);
  },
  { path: desktop, complaints: failures },
);

for (const scheme of ["light", "dark"]) {
  testInPage(
    `axe finds nothing, ${scheme}`,
    async (page) => {
      const check = async (where) => {
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const { violations } = await globalThis.axe.run();
          return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`);
        });
        assert.deepEqual(found, [], where);
      };
      if (scheme === "dark") {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      }
      await page.waitForSelector("[data-testid=connect]:not([disabled])");
      await check("signed out");
      await getRecord(page);
      await page.keyboard.press("Digit2");
      await check("a record");
      for (const dialog of ["reschedule", "do-not-call"]) {
        await press(page, dialog);
        await page.waitForSelector("dialog[open]");
        await check(dialog);
        await page.keyboard.press("Escape");
        await focusComesTo(page, dialog);
      }
      await press(page, "own-fail");
      await reads(page, "fault-told", /with your next operation/);
      await press(page, "complete-record");
      await reads(page, "desk-problem", /API_ERROR/);
      await simulator.call("campaign", { campaignName: "Renewals", status: "loaded" });
      await reads(page, "notifications", /is stopped/);
      await check("an error and a notification");
      await press(page, "own-kick");
      await reads(page, "connection-problem", /DISCONNECTED/);
      await check("disconnected");
      await page.goto(`${desktop}simulator`);
      await page.waitForSelector("[data-testid=live][data-state=connected]");
      await check("the simulator");
    },
    {
      path: desktop,
      complaints: failures,
      needs: {
        webkit: "WebKit's page of these tests runs functions, not the text of a script",
        ...(scheme === "dark" && lacking.colorScheme),
      },
    },
  );
}

for (const width of [1920, 1280, 400]) {
  for (const scheme of ["light", "dark"]) {
    testInPage(
      `a picture, ${width} pixels wide, ${scheme}`,
      async (page) => {
        await page.setViewport({ width, height: 900 });
        if (scheme === "dark") {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        }
        await getRecord(page);
        await page.keyboard.press("Digit2");
        await outcome(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `the page is ${wide} pixels wide`);
        await page.screenshot({
          path: join(screenshots, `desktop-${width}-${scheme}-${engine}.png`),
          fullPage: true,
        });
      },
      {
        path: desktop,
        needs: {
          ...(width < 500 && lacking.narrowWindow),
          ...(scheme === "dark" && lacking.colorScheme),
        },
      },
    );
  }
}

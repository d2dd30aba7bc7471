// The demo page, by keyboard alone, as `make run` serves it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, startDemo } from "./demo.mjs";
import { engine, failures, lacking } from "./engine.mjs";
import { testInPage } from "./in-browser.mjs";
import { focused, tabTo } from "./keyboard.mjs";
import { testPictures } from "./pictures.mjs";
import { Simulator } from "./simulator.mjs";

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
    const text = await field.evaluate((input) => input.closest(".field").textContent);
    assert.match(text, /positive integer/);
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

/** Connects, and waits until the number form has its campaign. */
async function connectWithoutRecord(page) {
  await simulator.call("reset", { seed: 1 });
  await connectByKeyboard(page);
  await page.waitForFunction(
    () => document.querySelector("[data-testid=number-campaign]").value === "Renewals",
  );
}

/** Completes the record on the desk with the favourite that has a digit. */
async function completeWith(page, digit) {
  await page.focus("[data-testid=record-name]");
  await page.keyboard.press(`Digit${digit}`);
  await page.keyboard.press("Enter");
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
    await completeWith(page, 6);
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

/** Puts a text into a field at once, as if it were pasted. */
async function paste(page, testid, text) {
  await page.evaluate(
    (testid, text) => {
      document.querySelector(`[data-testid=${testid}]`).value = text;
    },
    testid,
    text,
  );
}

testInPage(
  "update a record, which stays; a wrong time is shown beside its field",
  async (page) => {
    await getRecord(page);
    await tabTo(page, "update");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "update-number");
    const shown = await page.$$eval("#update-dialog [name]", (all) =>
      all.map(({ value }) => value),
    );
    assert.deepEqual(shown, ["+12125550100", "HomePhone", "EST", "09:00", "20:00"]);
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=update-number][aria-invalid=true]"); // nothing is changed
    await retype(page, "+12125550199");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Mobile");
    await tabTo(page, "update-from");
    await retype(page, "9:75");
    await page.keyboard.press("Enter");
    const from = await page.waitForSelector("[data-testid=update-from][aria-invalid=true]");
    const text = await from.evaluate((input) => input.closest(".field").textContent);
    assert.match(text, /hours and minutes/);
    assert.equal(await focused(page), "update-from");
    await retype(page, "9:45");
    await page.keyboard.press("Enter");

    await reads(
      page,
      "record-changes",
      /number: \+12125550199, was \+12125550100[\s\S]*Mobile, was HomePhone[\s\S]*from: 09:45, was 09:00$/,
    );
    assert.equal(await focused(page), "update");
    await reads(page, "desk", /\+12125550199 · Mobile · Record 70001/);
    await reads(page, "chain", /\+12125550199Mobilethis one/);
    await reads(page, "announcement", /^Update: Acknowledgement received after \d+ ms\.$/);
    await reads(page, "timeline", /Record 70001[\s\S]*Update[\s\S]*Get the chain/);
    const posts = await simulator.posts();
    const { campaignName, callingList, ...body } = JSON.parse(posts.at(-1).body);
    assert.equal(body.operationName, "UpdateRecord");
    assert.deepEqual(
      [campaignName, callingList, body.phoneNumber, body.phoneType, body.timeZone, body.from],
      ["Renewals", "Renewals East", "+12125550199", "Mobile", undefined, 35_100],
    );
    const [{ phoneNumber, status }] = await firstContact();
    assert.deepEqual([phoneNumber, status], ["+12125550199", "retrieved"]);

    await completeWith(page, 1);
    await focusComesTo(page, "next");
  },
  { path: desktop },
);

testInPage(
  "an update that the client refuses comes back to its dialog; what the server has counts",
  async (page) => {
    await getRecord(page);
    await press(page, "update");
    await paste(page, "update-number", "1".repeat(257));
    await page.keyboard.press("Enter");
    const number = await page.waitForSelector("[data-testid=update-number][aria-invalid=true]");
    const text = await number.evaluate((input) => input.closest(".field").textContent);
    assert.match(text, /expected at most 256/);
    assert.equal(await focused(page), "update-number");
    await retype(page, "+12125550198");
    const body = JSON.stringify({
      record: { recordHandle: 70001, phoneNumber: "+1 212 555 0198" },
    });
    await simulator.call("fault", { at: "event", do: "amend", body, times: 1 });
    await page.keyboard.press("Enter");
    await reads(page, "record-changes", /Phone number: \+1 212 555 0198, was \+12125550100$/);
    await reads(page, "desk-problem", /^$/);
  },
  { path: desktop },
);

/** Waits until the contact on the desk has so many numbers. */
function chainIs(page, length) {
  return page.waitForFunction(
    (length) => document.querySelectorAll("[data-testid=chain] li").length === length,
    {},
    length,
  );
}

testInPage(
  "add a number that the agent has learned: it is one of the contact's, and can be worked on",
  async (page) => {
    await getRecord(page);
    await tabTo(page, "add-number");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "add-phone");
    const shown = await page.$$eval("#add-dialog [name]", (all) => all.map(({ value }) => value));
    assert.deepEqual(shown, ["", "Mobile", "EST", "09:00", "20:00"]);
    await page.keyboard.press("Enter");
    const empty = await page.waitForSelector("[data-testid=add-phone][aria-invalid=true]");
    const problem = await empty.evaluate((input) => input.closest(".field").textContent);
    assert.match(problem, /Type the number/);
    assert.equal(await focused(page), "add-phone");
    await page.keyboard.press("Escape");
    await focusComesTo(page, "add-number");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "add-phone");
    await page.keyboard.type("+12125550199");
    await page.keyboard.press("Tab");
    await page.keyboard.type("DirectBusinessPhone");
    await tabTo(page, "add-until");
    await retype(page, "25:00");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=add-until][aria-invalid=true]");
    await retype(page, "17:30");
    await page.keyboard.press("Enter");

    await reads(
      page,
      "record-changes",
      /^AddedTo the numbers of this contact: \+12125550199, DirectBusinessPhone$/,
    );
    await chainIs(page, 4);
    assert.equal(await focused(page), "add-number");
    await reads(
      page,
      "chain",
      /\+12125550100.*this one.*\+12125550199DirectBusinessPhoneWork on it/,
    );
    await reads(page, "timeline", /Number \+12125550199[\s\S]*Add a number/);
    const add = (await simulator.posts()).findLast(({ body }) => body.includes("AddRecord"));
    assert.equal(add.path, "/api/v2/me/outbound-records");
    const { referenceId, devicePath, ...body } = JSON.parse(add.body);
    const { FirstName, LastName, PolicyNumber } = body.otherFields;
    const [{ chain, contact }] = await firstContact();
    assert.deepEqual(body, {
      operationName: "AddRecord",
      applicationId: 134,
      campaignName: "Renewals",
      callingList: "Renewals East",
      phoneNumber: "+12125550199",
      phoneType: "DirectBusinessPhone",
      timeZone: "EST",
      from: 32_400,
      until: 63_000,
      chainId: chain,
      otherFields: body.otherFields,
    });
    assert.equal(`${FirstName} ${LastName}`, contact);
    assert.match(PolicyNumber, /^HX-/);
    assert.ok(Object.keys(body.otherFields).every((name) => !name.startsWith("GSW_")));

    await completeWith(page, 2); // NoAnswer, and so on to the numbers that are left
    await reads(page, "chain", /NoAnswer[\s\S]*this one/);
    await page.evaluate(() => {
      const [last] = [...document.querySelectorAll("[data-testid=chain] button")].slice(-1);
      last.focus();
    });
    await page.keyboard.press("Enter");
    await reads(page, "desk", /\+12125550199 · DirectBusinessPhone · Record \d+/);
    await completeWith(page, 1);
    await focusComesTo(page, "next");
    const { campaigns } = await simulator.call("state");
    const all = campaigns.find(({ name }) => name === "Renewals").callingLists[0].records;
    const { status, history } = all.find(({ phoneNumber }) => phoneNumber === "+12125550199");
    assert.equal(status, "completed");
    assert.match(history[0].result, /^added to chain/);
  },
  { path: desktop },
);

testInPage(
  "a number that the client refuses comes back to its dialog",
  async (page) => {
    await getRecord(page);
    await press(page, "add-number");
    await paste(page, "add-phone", "1".repeat(257));
    await page.keyboard.press("Enter");
    const number = await page.waitForSelector("[data-testid=add-phone][aria-invalid=true]");
    const problem = await number.evaluate((input) => input.closest(".field").textContent);
    assert.match(problem, /expected at most 256/);
    await page.keyboard.press("Escape");
    await focusComesTo(page, "add-number");
    await reads(page, "desk-problem", /INVALID_REQUEST/);
    assert.ok(await isHidden(page, "put-aside"), "the record was not touched");
  },
  { path: desktop },
);

testInPage(
  "a number whose acknowledgement is another event: the chain shows that it was added",
  async (page) => {
    await getRecord(page);
    await press(page, "own-other-event");
    await reads(page, "fault-result", /with your next operation/);
    await press(page, "add-number");
    await page.keyboard.type("+12125550199");
    await page.keyboard.press("Enter");
    await reads(page, "desk-problem", /RECORD_ERROR[\s\S]*before you add it again/);
    await chainIs(page, 4);
    assert.ok(await isHidden(page, "put-aside"));
  },
  { path: desktop },
);

testInPage(
  "reloaded while a number is added: the late acknowledgement shows it on the desk",
  async (page) => {
    await getRecord(page);
    const acknowledge = await reloadAmid(page, async () => {
      await press(page, "add-number");
      await page.keyboard.type("+12125550199");
      await page.keyboard.press("Enter");
    });
    await reads(page, "unsettled", /Add a number: Number \+12125550199Waiting/);
    await acknowledge();
    await reads(page, "unsettled", /Acknowledgement received/);
    await reads(page, "record-changes", /^AddedTo the numbers/);
    await chainIs(page, 4);
    const { campaigns } = await simulator.call("state");
    const all = campaigns.find(({ name }) => name === "Renewals").callingLists[0].records;
    assert.equal(all.filter(({ phoneNumber }) => phoneNumber === "+12125550199").length, 1);
  },
  { path: desktop },
);

testInPage(
  "do not call a number, without a record",
  async (page) => {
    await connectWithoutRecord(page);
    await tabTo(page, "number");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=number][aria-invalid=true]");
    await page.keyboard.type("+12125550101");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("Escape");
    await focusComesTo(page, "number");
    assert.deepEqual(await statuses(), ["ready", "ready", "ready"]);

    await tabTo(page, "number-submit");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("Enter");
    await reads(page, "number-result", /\+12125550101 is not called any more in Renewals/);
    await reads(page, "timeline", /Number \+12125550101[\s\S]*Do not call/);
    await page.waitForSelector(".moment.answer"); // the POST's times are found by its path
    assert.deepEqual(await statuses(), ["ready", "do-not-call", "ready"]);
    assert.equal(await page.$eval("[data-testid=number]", ({ value }) => value), "");

    await page.focus("[data-testid=number]");
    await page.keyboard.type("+12125550102");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "confirm");
    await page.keyboard.press("Enter");
    await reads(page, "number-result", /\+12125550102 is not called/);
    assert.deepEqual(await statuses(), ["do-not-call", "do-not-call", "do-not-call"]);
  },
  { path: desktop },
);

testInPage(
  "a number on the desk is ended there; an earlier choice of all numbers is not kept",
  async (page) => {
    await getRecord(page);
    await page.focus("[data-testid=number]");
    await page.keyboard.type("+12125550101");
    await page.keyboard.press("Enter");
    const number = await page.waitForSelector("[data-testid=number][aria-invalid=true]");
    const text = await number.evaluate((input) => input.closest(".field").textContent);
    assert.match(text, /You have its record/);
    await press(page, "do-not-call");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("ArrowDown");
    await focusComesTo(page, "all-chain");
    await page.keyboard.press("Escape");
    await focusComesTo(page, "do-not-call");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("Enter");
    await reads(page, "chain", /not to be called[\s\S]*this one/);
    assert.deepEqual(await statuses(), ["do-not-call", "retrieved", "retrieved"]);
  },
  { path: desktop },
);

testInPage(
  "what the server sends unasked: a pushed record is offered, a stopped campaign ends the session",
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
    await reads(page, "campaign-summary", /Renewals is stopped/); // it is still true
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
  { name: "fail", says: /API_ERROR[\s\S]*It may have been processed/ },
  { name: "refuse", says: /API_ERROR[\s\S]*nothing was changed\. The record is still yours/ },
  { name: "other-event", says: /RECORD_ERROR[\s\S]*the outcome is not known/ },
  { name: "refuse-csrf", timeline: /POST sent again/ },
  { name: "cut-post", timeline: /Acknowledgement received/ },
  { name: "expire-http", result: /Sign out: done/, timeline: /POST sent again/ },
];
for (const { name, result = /with your next operation/, says, timeline } of faults) {
  testInPage(
    `fault ${name}: what the page says`,
    async (page) => {
      await getRecord(page);
      await press(page, `own-${name}`);
      await reads(page, "fault-result", result);
      await completeWith(page, 1);
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
    await reads(page, "fault-result", /with your next operation/);
    await completeWith(page, 1);
    await posted(page);
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
      await reads(page, "fault-result", /done/);
      await page.waitForFunction(() => globalThis.states.includes("reconnecting"));
      await page.waitForSelector("[data-testid=state][data-state=connected]");
      await completeWith(page, 1);
      await focusComesTo(page, "next");
      assert.equal((await statuses())[0], "completed");
    },
    { path: desktop, complaints: failures },
  );
}

testInPage(
  "faults delay-answer and cut: the timeline shows the connection while the answer is awaited",
  async (page) => {
    await getRecord(page);
    await press(page, "own-delay-answer");
    await reads(page, "fault-result", /with your next operation/);
    await completeWith(page, 1);
    await posted(page);
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
    await focusComesTo(page, "connect"); // the panel that had it is gone
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=state][data-state=connected]");
    await reads(page, "desk", /Record 70001/);
  },
  { path: desktop, complaints: failures },
);

/** Waits until the POST of the newest operation was answered. */
function posted(page) {
  return page.waitForFunction(() =>
    /HTTP 200|POST ended/.test(document.querySelector("[data-testid=outcome]").textContent),
  );
}

/** Loads the page again, and connects. */
async function comeBack(page) {
  await page.goto(desktop);
  await connectByKeyboard(page);
  await allIsShown(page);
}

/** Loads the page again, which connects by itself, since something has no answer. */
async function isBack(page) {
  await page.goto(desktop);
  await allIsShown(page);
}

const allIsShown = (page) =>
  page.waitForFunction(
    () => document.querySelector("[data-testid=number-campaign]").value !== "", // the last that is
  );

/**
 * Has something be done whose acknowledgement is kept back, and the page be loaded again meanwhile.
 * Returns what sends the acknowledgement.
 */
async function reloadAmid(page, act) {
  await simulator.set({ holdAck: true });
  try {
    await act();
    await posted(page);
  } finally {
    await simulator.set({ ackDelayMS: 400 }); // as the demo has it
  }
  const { referenceId } = JSON.parse((await simulator.posts()).at(-1).body);
  await isBack(page);
  return () => simulator.call("ack", { referenceId });
}

/** Waits until there is no record on the desk. */
const deskEmpties = (page) =>
  page.waitForFunction(() => document.querySelector("#desk-work").hidden);

const isHidden = (page, testid) =>
  page.evaluate((testid) => document.querySelector(`[data-testid=${testid}]`).hidden, testid);

/** Presses the button of the first unsettled call. */
async function pressOfUnsettled(page) {
  await page.focus("[data-testid=unsettled-call] button");
  await page.keyboard.press("Enter");
}

testInPage(
  "reloaded amid a completion: the desk waits, and the late acknowledgement settles it",
  async (page) => {
    await getRecord(page);
    const acknowledge = await reloadAmid(page, () => completeWith(page, 2));
    await reads(
      page,
      "unsettled",
      /Complete: Record 70001WaitingRenewals · NoAnswer · sent .*(GWS took it|It may have been processed)/,
    );
    await reads(page, "announcement", /^1 operation from before has no answer yet/);
    await reads(page, "desk-problem", /not answered yet: Complete \(Renewals · NoAnswer\)/);
    const posts = (await simulator.posts()).length;
    await completeWith(page, 1); // which does nothing while the desk waits
    assert.equal(await focused(page), "record-name");

    await acknowledge();
    await reads(page, "unsettled", /Acknowledged[\s\S]*Acknowledgement received/);
    await reads(page, "announcement", /^Complete, Record 70001: Acknowledgement received/);
    await reads(page, "chain", /NoAnswer[\s\S]*this one/);
    await reads(page, "desk-problem", /^$/);
    assert.equal(await focused(page), "record-name");
    assert.deepEqual(await statuses(), ["completed", "retrieved", "retrieved"]);
    assert.equal((await simulator.posts()).length, posts);

    await pressOfUnsettled(page); // dismisses it
    await focusComesTo(page, "record-name");
    assert.ok(await isHidden(page, "unsettled"));
    await comeBack(page);
    assert.ok(await isHidden(page, "unsettled"));
    await reads(page, "chain", /NoAnswer[\s\S]*this one/);
    await completeWith(page, 1);
    await deskEmpties(page);
    assert.deepEqual(await statuses(), ["completed", "completed", "completed"]);
  },
  { path: desktop },
);

/** Whether the page says that something was left without an answer. */
const leftOpen = (page) =>
  page.evaluate(() => document.querySelector("[data-testid=left-open]") !== null);

testInPage(
  "reloaded amid a completion, and signed out meanwhile: the page says so before anybody signs in",
  async (page) => {
    await getRecord(page);
    await simulator.set({ holdAck: true });
    await completeWith(page, 2);
    await posted(page);
    await simulator.set({ ackDelayMS: 400 });
    const { referenceId } = JSON.parse((await simulator.posts()).at(-1).body);
    await simulator.call("expire-http");
    await page.goto(desktop);
    await reads(page, "left-open", /^1 operation had no answer.*Sign in as agent to learn/);
    assert.equal(await page.$eval("[data-testid=user]", ({ value }) => value), "agent");
    await connectByKeyboard(page);
    await reads(
      page,
      "unsettled",
      /Complete: Record 70001Waiting[\s\S]*An answer can (come until|still come)/,
    );
    assert.equal(await leftOpen(page), false);
    await simulator.call("ack", { referenceId });
    await reads(page, "unsettled", /Acknowledged/);
    await page.goto(desktop);
    await page.waitForSelector("[data-testid=connect]:not([disabled])");
    assert.equal(await leftOpen(page), false, "nothing is left");
  },
  { path: desktop, complaints: failures },
);

testInPage(
  "on a narrow screen what is waited for is in view, with the way out of it",
  async (page) => {
    await page.setViewport({ width: 400, height: 700 });
    await getRecord(page);
    await simulator.set({ holdAck: true });
    await completeWith(page, 2);
    await reads(page, "waiting", /Waiting for the answer: Complete, Record 70001/);
    const inView = () =>
      page.$eval("[data-testid=stop]", (button) => {
        const { top, bottom } = button.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      });
    assert.ok(await inView());
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    assert.ok(await inView(), "at the end of the page");
    await simulator.set({ ackDelayMS: 400 });
    await page.click("[data-testid=stop]");
    await reads(page, "desk-problem", /ABORTED/);
    assert.ok(await isHidden(page, "waiting"));
  },
  { path: desktop, needs: lacking.narrowWindow },
);

testInPage(
  "fault kick, after the session was renewed",
  async (page) => {
    await getRecord(page);
    await press(page, "own-expire-http");
    await reads(page, "fault-result", /done/);
    await completeWith(page, 2);
    await reads(page, "chain", /NoAnswer[\s\S]*this one/);
    await press(page, "own-kick");
    await page.waitForSelector("[data-testid=state][data-state=closed]");
    await reads(page, "connection-problem", /DISCONNECTED/);
  },
  { path: desktop, complaints: failures },
);

testInPage(
  "reloaded amid a completion: the agent does not wait, and it is settled all the same",
  async (page) => {
    await getRecord(page);
    const acknowledge = await reloadAmid(page, () => completeWith(page, 1));
    await press(page, "stop");
    await reads(page, "desk-problem", /ABORTED[\s\S]*stopped waiting[\s\S]*put the record aside/);
    assert.equal(await focused(page), "complete-record");
    await tabTo(page, "campaign"); // round the page
    await acknowledge();
    await reads(page, "unsettled", /Acknowledgement received/);
    await deskEmpties(page);
    assert.equal(await focused(page), "campaign"); // who is elsewhere stays there
  },
  { path: desktop },
);

testInPage(
  "reloaded amid an update, and amid a request for a record",
  async (page) => {
    await getRecord(page);
    let acknowledge = await reloadAmid(page, async () => {
      await press(page, "update");
      await retype(page, "+12125550199");
      await page.keyboard.press("Enter");
    });
    await reads(page, "unsettled", /Update: Record 70001Waiting/);
    await acknowledge();
    await reads(page, "record-changes", /Phone number: \+12125550199, was \+12125550100$/);
    await reads(page, "desk", /\+12125550199 · HomePhone · Record 70001/);
    await press(page, "start");
    await focusComesTo(page, "next");
    await press(page, "reject");
    await focusComesTo(page, "next");

    acknowledge = await reloadAmid(page, () => page.keyboard.press("Enter"));
    await reads(page, "unsettled", /Get a record: RenewalsWaiting/);
    await acknowledge();
    await reads(page, "unsettled", /Record 70004 received/);
    await reads(page, "notifications", /The server has a record for you/);
    await press(page, "take");
    await focusComesTo(page, "record-name");
    await reads(page, "desk", /Record 70004/);
  },
  { path: desktop },
);

testInPage(
  "an answer that is another event, after a reload",
  async (page) => {
    await getRecord(page);
    const answer = await reloadAmid(page, async () => {
      await press(page, "own-other-event");
      await reads(page, "fault-result", /with your next operation/);
      await completeWith(page, 1);
    });
    await answer();
    await reads(page, "unsettled", /Outcome unknown[\s\S]*RECORD_ERROR/);
    await reads(page, "desk-problem", /RECORD_ERROR[\s\S]*put the record aside/);
    await press(page, "put-aside");
    await reads(page, "chain", /put aside[\s\S]*this one/);
  },
  { path: desktop },
);

/** Completes the record on the desk, whose acknowledgement is lost, and loads the page again. */
async function loseAnswer(page) {
  await press(page, "own-lose-answer");
  await reads(page, "fault-result", /with your next operation/);
  await completeWith(page, 2);
  await posted(page);
  await isBack(page);
  await reads(page, "unsettled", /Complete: Record \d+Waiting/);
}

testInPage(
  "a lost acknowledgement stays unsettled until the agent has checked it",
  async (page) => {
    await getRecord(page);
    await loseAnswer(page);
    await isBack(page);
    await reads(page, "unsettled", /Complete: Record 70001Waiting/);
    await reads(page, "desk-problem", /not answered yet/);
    await press(page, "own-kick");
    await focusComesTo(page, "connect");
    await page.waitForFunction(() => document.querySelector("[data-testid=unsettled]").hidden);
    await page.keyboard.press("Enter");
    await reads(page, "unsettled", /Complete: Record 70001Waiting/);
    await pressOfUnsettled(page);
    await focusComesTo(page, "record-name");
    assert.ok(await isHidden(page, "unsettled"));
    await reads(page, "desk-problem", /You have checked it[\s\S]*put the record aside/);
    await press(page, "put-aside");
    await reads(page, "chain", /put aside[\s\S]*this one/);
    await comeBack(page);
    assert.ok(await isHidden(page, "unsettled"));
  },
  { path: desktop, complaints: failures },
);

/** What the page keeps of the agent; the client's note on the transport is not the agent's. */
async function keptOfAgent(page) {
  const keys = await page.evaluate(() => Object.keys(sessionStorage));
  return keys.filter((key) => !key.startsWith("gws-outbound transport "));
}

testInPage(
  "disconnect and forget: nothing of the agent's work stays in the browser",
  async (page) => {
    await getRecord(page);
    await loseAnswer(page);
    for (const field of ["number", "phoneNumber"]) {
      await page.focus(`[data-testid=${field}]`);
      await page.keyboard.type("+12125550100");
    }
    await press(page, "forget");
    await focusComesTo(page, "confirm");
    await page.keyboard.press("Escape");
    await focusComesTo(page, "forget");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "confirm");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "connect");
    await page.waitForSelector("[data-testid=state][data-state=closed]");
    assert.ok(await isHidden(page, "unsettled"));
    assert.deepEqual(await keptOfAgent(page), []);
    assert.equal(await page.$eval("[data-testid=password]", ({ value }) => value), "");
    assert.ok(!/70001|\+1212/.test(await page.$eval("main", (main) => main.textContent)));
    const typed = await page.$$eval("input", (inputs) => inputs.map(({ value }) => value).join());
    assert.ok(!/70001|\+1212/.test(typed), typed);
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=state][data-state=connected]");
    await comeBack(page);
    assert.ok(await isHidden(page, "unsettled"));
    await deskEmpties(page);
  },
  { path: desktop },
);

testInPage(
  "disconnect and forget while an answer is awaited: the call's end leaves nothing either",
  async (page) => {
    await connectWithoutRecord(page);
    await press(page, "own-lose-answer");
    await reads(page, "fault-result", /with your next operation/);
    await page.focus("[data-testid=number]");
    await page.keyboard.type("+12125550102");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await page.keyboard.press("Enter");
    await posted(page);
    await press(page, "forget");
    await focusComesTo(page, "confirm");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "connect");
    await page.keyboard.press("Enter"); // connects when the client before has ended
    await page.waitForSelector("[data-testid=state][data-state=connected]");
    assert.deepEqual(await keptOfAgent(page), []);
    assert.ok(await isHidden(page, "unsettled"));
    assert.equal(
      await page.$eval("[data-testid=number-result]", (result) => result.textContent),
      "",
    );
    assert.ok(!/70001|\+1212/.test(await page.$eval("main", (main) => main.textContent)));
  },
  { path: desktop },
);

/** Types into a field, in place of what is there; "" empties it. */
async function fillIn(page, testid, text) {
  await page.focus(`[data-testid=${testid}]`);
  await retype(page, text);
}

/** Asserts that nothing of the record is on the page, in its fields, or kept. */
async function assertNothingLeft(page) {
  await deskEmpties(page);
  assert.deepEqual(await keptOfAgent(page), []);
  assert.ok(!/70001|\+1212/.test(await page.$eval("main", (main) => main.textContent)));
  const typed = await page.$$eval("input", (inputs) => inputs.map(({ value }) => value).join());
  assert.ok(!/70001|\+1212/.test(typed), typed);
}

testInPage(
  "another agent connects in the same page: nothing of the first is left",
  async (page) => {
    await getRecord(page);
    await page.focus("[data-testid=number]");
    await page.keyboard.type("+12125550100");
    await press(page, "disconnect");
    await page.waitForSelector("[data-testid=state][data-state=closed]");
    await reads(page, "desk", /Record 70001/); // the same agent would go on with it
    await fillIn(page, "user", "agent2");
    await page.focus("[data-testid=connect]");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=state][data-state=connected]");
    await assertNothingLeft(page);
  },
  { path: desktop },
);

testInPage(
  "another agent signs in in another tab: nothing is sent in their name, nor left of the first",
  async (page) => {
    await simulator.call("reset", { seed: 1 });
    const session = await page.evaluate(async () => {
      const headers = { Authorization: `Basic ${btoa("agent:secret")}` };
      await fetch("/api/v2/me", { headers });
      const type = { "Content-Type": "application/json" };
      const own = await fetch("/gwssim/own", { method: "POST", headers: type, body: "{}" });
      return (await own.json()).session;
    });
    await page.waitForSelector("[data-testid=connect]:not([disabled])");
    await fillIn(page, "user", "");
    await fillIn(page, "password", "");
    await getRecord(page);
    const before = (await simulator.posts()).length;
    await simulator.call("become", { session, user: "agent2" });
    await page.keyboard.press("Digit1");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=state][data-state=closed]");
    await reads(page, "connection-problem", /another agent/);
    await assertNothingLeft(page);
    const posts = (await simulator.posts()).slice(before);
    assert.deepEqual(
      posts.map(({ user, status }) => [user, status]),
      [["agent2", 403]],
    );
    await press(page, "connect");
    await page.waitForSelector("[data-testid=state][data-state=connected]");
    await assertNothingLeft(page);
  },
  { path: desktop, complaints: failures },
);

/** Has axe look at the page as it is. */
async function axeFindsNothing(page, where) {
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    await page.evaluate(axe);
  }
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run({ resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`);
  });
  assert.deepEqual(found, [], where);
}

const looks = {
  "on the desk": async (page, check) => {
    await page.waitForSelector("[data-testid=connect]:not([disabled])");
    await check("signed out");
    await getRecord(page);
    await page.keyboard.press("Digit2");
    await check("a record");
    for (const dialog of ["reschedule", "do-not-call", "update", "add-number"]) {
      await press(page, dialog);
      await page.waitForSelector("dialog[open]");
      if (["update", "add-number"].includes(dialog)) {
        await page.keyboard.press("Enter");
        await page.waitForSelector("dialog [aria-invalid=true]");
      }
      await check(dialog);
      await page.keyboard.press("Escape");
      await focusComesTo(page, dialog);
    }
    await press(page, "update");
    await retype(page, "+12125550199");
    await page.keyboard.press("Enter");
    await reads(page, "record-changes", /Updated/);
    await page.focus("[data-testid=number]");
    await page.keyboard.type("+12125550110");
    await page.keyboard.press("Enter");
    await focusComesTo(page, "record-only");
    await check("do not call a number");
    await page.keyboard.press("Enter");
    await reads(page, "number-result", /is not called any more/);
    await check("updated, and a number done");
    await press(page, "own-fail");
    await reads(page, "fault-result", /with your next operation/);
    await press(page, "complete-record");
    await reads(page, "desk-problem", /API_ERROR/);
    await simulator.call("campaign", { campaignName: "Renewals", status: "loaded" });
    await reads(page, "notifications", /is stopped/);
    await check("an error and a notification");
    await press(page, "own-kick");
    await reads(page, "connection-problem", /DISCONNECTED/);
    await check("disconnected");
  },
  "on what a reload leaves unsettled, and on the simulator": async (page, check) => {
    await getRecord(page);
    const acknowledge = await reloadAmid(page, () => completeWith(page, 2));
    await reads(page, "unsettled", /Waiting/);
    await check("unsettled from before");
    await press(page, "forget");
    await focusComesTo(page, "confirm");
    await check("disconnect and forget");
    await page.keyboard.press("Escape");
    await acknowledge();
    await reads(page, "unsettled", /Acknowledged/);
    await loseAnswer(page);
    await pressOfUnsettled(page);
    await reads(page, "desk-problem", /You have checked it/);
    await check("settled, and checked");
    await page.goto(`${desktop}simulator`);
    await page.waitForSelector("[data-testid=live][data-state=connected]");
    await check("the simulator");
  },
};
for (const [where, look] of Object.entries(looks)) {
  for (const scheme of ["light", "dark"]) {
    testInPage(
      `axe finds nothing ${where}, ${scheme}`,
      async (page) => {
        if (scheme === "dark") {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        }
        await look(page, (state) => axeFindsNothing(page, state));
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
}

for (const width of [1280, 400]) {
  testInPage(
    `no focus ring touches a text, ${width} pixels wide`,
    async (page) => {
      await page.setViewport({ width, height: 900 });
      await getRecord(page);
      await completeWith(page, 2);
      await reads(page, "chain", /NoAnswer[\s\S]*this one/);
      assert.deepEqual(await page.evaluate(touchedByRings), []);
    },
    { path: desktop, needs: width < 500 && lacking.narrowWindow },
  );
}

/** Runs in the page: gives each text that the focus ring of something else would touch, with what that is. */
function touchedByRings() {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.data.trim() === "" || !node.parentElement.checkVisibility()) continue;
    if (node.parentElement.closest(".visually-hidden")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) texts.push({ node, rect });
  }
  const touched = [];
  for (const focusable of document.querySelectorAll(
    "a, button, input, select, summary, [tabindex]",
  )) {
    if (!focusable.checkVisibility()) continue;
    focusable.focus({ focusVisible: true, preventScroll: true });
    const { outlineOffset, outlineWidth } = getComputedStyle(focusable);
    const ring = parseFloat(outlineOffset) + parseFloat(outlineWidth);
    const box = focusable.getBoundingClientRect();
    for (const { node, rect } of texts) {
      const apart =
        rect.right <= box.left - ring ||
        rect.left >= box.right + ring ||
        rect.bottom <= box.top - ring ||
        rect.top >= box.bottom + ring;
      // A text's box is higher than its letters, by a few pixels above and below.
      const near = Math.min(rect.bottom - (box.top - ring), box.bottom + ring - rect.top) < 3;
      if (!apart && !near && !focusable.contains(node))
        touched.push(`${focusable.id || focusable.textContent.trim()}: ${node.data.trim()}`);
    }
  }
  return touched;
}

testPictures(desktop, [1920, 1280, 400], pictures, failures);

async function pictures(page, take) {
  await getRecord(page);
  await page.keyboard.press("Digit2");
  await outcome(page);
  await take("desktop");

  await press(page, "add-number");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-testid=add-phone][aria-invalid=true]");
  await take("add-number");
  await page.keyboard.type("+12125550199");
  await page.keyboard.press("Enter");
  await chainIs(page, 4);
  await take("number-added");
  await loseAnswer(page);
  await take("unsettled");
  await simulator.call("expire-http");
  await page.goto(desktop);
  await reads(page, "left-open", /Sign in/);
  await take("left-open");
}

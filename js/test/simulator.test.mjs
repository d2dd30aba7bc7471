// The simulator's page, by keyboard alone, while an agent works outside the browser.

import assert from "node:assert/strict";
import { startDemo } from "./demo.mjs";
import { failures } from "./engine.mjs";
import { testInPage } from "./in-browser.mjs";
import { focused, tabTo } from "./keyboard.mjs";
import { testPictures } from "./pictures.mjs";
import { headers as credentials, Simulator } from "./simulator.mjs";

const demo = await startDemo();
const simulator = new Simulator(demo.replace(/\/$/, ""));
const path = `${demo}simulator`;

/** An agent at the simulator, over long-polling. */
class Agent {
  #cookies = new Map();
  #token = "";
  #clientId = "";
  #count = 0;

  static async signIn() {
    const agent = new Agent();
    const response = await agent.fetch("/api/v2/me", { headers: credentials });
    agent.#token = response.headers.get("X-CSRF-TOKEN");
    const message = { version: "1.0", supportedConnectionTypes: ["long-polling"] };
    const [{ clientId }] = await agent.send("/meta/handshake", message);
    agent.#clientId = clientId;
    await agent.send("/meta/subscribe", { subscription: "/v2/me/outbound" });
    return agent;
  }

  async fetch(url, { headers = {}, ...options } = {}) {
    const cookie = [...this.#cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(simulator.url + url, {
      headers: { Cookie: cookie, "X-CSRF-TOKEN": this.#token, ...headers },
      ...options,
    });
    for (const line of response.headers.getSetCookie()) {
      this.#cookies.set(...line.split(";")[0].split("="));
    }
    return response;
  }

  async post(url, body) {
    const response = await this.fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...(await response.json()) };
  }

  async send(channel, message = {}) {
    const id = String(++this.#count);
    const answer = await this.fetch("/api/v2/notifications", {
      method: "POST",
      body: JSON.stringify([{ id, channel, clientId: this.#clientId, ...message }]),
    });
    return answer.json();
  }

  /** @returns the data of the next event on the outbound channel */
  async event() {
    const messages = await this.send("/meta/connect", { connectionType: "long-polling" });
    return messages.find(({ channel }) => channel === "/v2/me/outbound").data;
  }

  ask(operationName, where, more = {}) {
    const body = { operationName, applicationId: 134, devicePath: "/devices/d1", ...more };
    return this.post(`/api/v2/me/${where}`, body);
  }

  /** Starts a preview session, and gets the next record. */
  async preview(campaign) {
    const where = `outbound-campaigns/${encodeURIComponent(campaign)}`;
    await this.ask("StartPreviewSession", where);
    assert.equal((await this.event()).notificationType, "PreviewSessionStarted");
    await this.ask("GetPreviewRecord", where);
    return (await this.event()).record;
  }

  complete({ recordHandle, campaignName, callingList }, more) {
    const parameters = { campaignName, callingList, ...more };
    return this.ask("CompleteRecord", `outbound-records/${recordHandle}`, parameters);
  }
}

/** Waits until what the page shows at a selector has this in it. */
function shows(page, selector, text) {
  return page.waitForFunction(
    (selector, text) => document.querySelector(selector)?.textContent.includes(text),
    {},
    selector,
    text,
  );
}

const live = (page) => page.waitForSelector("[data-testid=live][data-state=connected]");

testInPage(
  "an agent's work is seen as it happens",
  async (page) => {
    await live(page);
    await simulator.call("reset");
    const agent = await Agent.signIn();
    await shows(page, "[data-testid=sessions]", "agent");
    await shows(page, "[data-testid=sessions]", "/v2/me/outbound");
    const record = await agent.preview("Renewals");
    const row = `[data-testid=records] [data-handle="${record.recordHandle}"]`;
    await page.waitForSelector(`${row}[data-status=retrieved]`);
    await shows(page, "[data-campaign=Renewals]", "preview sessions: agent");
    assert.deepEqual(await agent.complete(record, { callResult: "Busy", referenceId: "seen" }), {
      status: 200,
      statusCode: 0,
    });
    await agent.event();
    await page.waitForSelector(`${row}[data-status=completed]`);
    await shows(page, row, "CompleteRecord, completed: Busy");
    await shows(page, "[data-testid=events]", "seen");
    await shows(page, "[data-testid=requests]", "200 · code 0");
    await agent.complete(record, { callResult: 33 });
    await shows(page, "[data-testid=requests]", "callResult must be a text");
    const text = await page.$eval("body", ({ textContent }) => textContent);
    assert.doesNotMatch(text, /JSESSIONID|secret/);
  },
  { path },
);

testInPage(
  "a fault is switched on for one session, strikes, and is off again: by keyboard",
  async (page) => {
    await live(page);
    await simulator.call("expire-http");
    await simulator.call("reset");
    const agent = await Agent.signIn();
    const record = await agent.preview("Renewals");
    await page.waitForFunction(() => document.querySelectorAll("#whom option").length === 2);
    await tabTo(page, "whom");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "fail");
    await page.keyboard.press("Enter");
    await shows(page, "[data-testid=announcement]", "The server fails (500): on, once. Session");
    await page.waitForSelector("[data-testid=fail][aria-checked=true]");
    assert.equal(await focused(page), "fail");
    assert.equal((await agent.complete(record)).status, 500);
    await page.waitForSelector("[data-testid=fail][aria-checked=false]");
    await shows(page, "[data-testid=fail]", "1 so far");
    await shows(page, "[data-testid=requests]", "fault: answer");

    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=fail][aria-checked=true]");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=fail][aria-checked=false]");
    await shows(page, "[data-testid=announcement]", "off");
    assert.equal((await agent.complete(record)).status, 200, "it was taken back");
    await agent.event();

    await page.focus("[data-testid=expire]");
    await page.keyboard.press("Enter");
    await shows(page, "[data-testid=announcement]", "Lose the CometD session: done.");
    await shows(page, "[data-testid=sessions]", "none");
  },
  { path },
);

testInPage(
  "every fault of the list can be switched on",
  async (page) => {
    await live(page);
    const names = await page.$$eval("[role=switch]", (all) => all.map((b) => b.dataset.testid));
    assert.ok(names.length >= 6);
    for (const name of names) {
      await page.focus(`[data-testid=${name}]`);
      await page.keyboard.press("Enter");
      await page.waitForSelector(`[data-testid=${name}][aria-checked=true]`);
      await page.keyboard.press("Enter");
      await page.waitForSelector(`[data-testid=${name}][aria-checked=false]`);
    }
  },
  { path },
);

testInPage(
  "a campaign is stopped and started, a record is pushed",
  async (page) => {
    await live(page);
    await simulator.call("reset");
    const agent = await Agent.signIn();
    await agent.preview("Fibre upgrade");
    await page.waitForSelector("[data-testid=push-agent]");
    await page.focus("[data-testid=push-agent]");
    await page.keyboard.press("Enter");
    assert.equal((await agent.event()).notificationType, "PreviewRecord");
    await shows(
      page,
      "[data-testid=announcement]",
      "A record of Fibre upgrade is pushed to agent.",
    );
    await shows(page, "[data-testid=events]", "no reference id");

    await page.focus('[aria-label="Stop Fibre upgrade"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector('[aria-label="Start Fibre upgrade"]');
    assert.equal((await agent.event()).notificationType, "CampaignStopped");
    await page.keyboard.press("Enter");
    await page.waitForSelector('[aria-label="Stop Fibre upgrade"]');
    assert.equal((await agent.event()).notificationType, "CampaignStarted");

    await page.focus("[data-testid=reset]");
    await page.keyboard.press("Enter");
    await shows(page, "[data-testid=announcement]", "as they were in the beginning");
  },
  { path },
);

testInPage(
  "what the faults do to a client of the page's own session, and to no other",
  async (page) => {
    const bystander = await Agent.signIn();
    const outcomes = await page.evaluate(async (headers) => {
      const { createClient } = await import("/js/dist/index.js");
      const { blows, control, faults } = await import("/web/simulator-control.js");
      const client = await createClient({ headers });
      const { session } = await control("own");
      const request = {
        recordHandle: 12,
        applicationId: 134,
        campaignName: "Campaign1",
        callingList: "CallingList1",
        devicePath: "/devices/d1",
      };
      const complete = (ackTimeout) =>
        client.completeRecord(request, { ackTimeout }).then(
          (event) => event.notificationType,
          ({ code, delivery }) => `${code} ${delivery}`,
        );
      const outcomes = {};
      for (const { name, fault } of faults) {
        await control("fault", { ...fault, session });
        // The client must not wait for what is lost, or late by 5 s; the answer to the POST may take its time.
        outcomes[name] = await complete(fault.do === "silence" || fault.delayMS ? 4000 : undefined);
      }
      for (const { verb } of blows.filter(({ verb }) => verb !== "kick")) {
        const back = new Promise((resolve) => {
          client.addEventListener("statechange", ({ detail }) => {
            if (detail.state === "connected") resolve();
          });
        });
        await control(verb, { session });
        if (verb !== "expire-http") await back;
        outcomes[verb] = await complete();
      }
      const over = new Promise((resolve) => {
        client.addEventListener("statechange", ({ detail }) => {
          if (detail.state === "closed") resolve("closed");
        });
      });
      await control("kick", { session: 0 }); // signing in again has made another session
      outcomes.kick = await over;
      return outcomes;
    }, credentials);
    assert.deepEqual(outcomes, {
      "lose-answer": "ACK_TIMEOUT accepted",
      "delay-answer": "ACK_TIMEOUT accepted",
      "other-event": "RECORD_ERROR accepted",
      "refuse-csrf": "RecordProcessedAcknowledge",
      fail: "API_ERROR unknown",
      refuse: "API_ERROR rejected",
      "cut-post": "RecordProcessedAcknowledge",
      cut: "RecordProcessedAcknowledge",
      expire: "RecordProcessedAcknowledge",
      "expire-http": "RecordProcessedAcknowledge",
      kick: "closed",
    });
    assert.equal((await bystander.fetch("/api/v2/me")).status, 200, "nobody has signed it out");
  },
  { path, complaints: failures },
);

testPictures(path, [1280, 400], async (page, take) => {
  await live(page);
  await simulator.call("expire-http");
  await simulator.call("reset");
  await simulator.call("set", {});
  const agent = await Agent.signIn();
  const record = await agent.preview("Renewals");
  await simulator.call("fault", { at: "event", do: "silence", times: -1 });
  await agent.complete(record, { referenceId: "picture" });
  await shows(page, "[data-testid=events]", "lost");
  await take("simulator");
});

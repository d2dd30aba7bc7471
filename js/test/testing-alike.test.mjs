// The client for tests beside the real one: both go through the same, and a page sees the same.

import assert from "node:assert/strict";
import { becomes } from "./cometd.mjs";
import { failures } from "./engine.mjs";
import { complete, connect, testInPage } from "./in-browser.mjs";
import { keptAsAccepted, list, reload } from "./journal.mjs";
import { request, requests } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const transports = ["websocket"];
/** Every message to CometD fails. */
const away = { at: "cometd", do: "reset", times: -1 };

/** A client and its simulated server. What happens to the session is by the names of the client for tests. */
class Real {
  #simulator;
  #options;
  #behavior = { maxIntervalMS: 60_000 };

  static async make(page, options) {
    const real = new Real();
    real.page = page;
    real.#options = options;
    real.#simulator = await Simulator.start(real.#behavior);
    return real;
  }

  async start() {
    const baseUrl = this.#simulator.url;
    this.session = await connect(this.page, { baseUrl, headers, transports, ...this.#options });
  }

  /** Leaves a call without an end. */
  async leave(referenceId) {
    await this.hold();
    await this.start();
    complete(this.session, { ...request, referenceId });
    await keptAsAccepted(this.page, referenceId);
    await reload(this.page);
  }

  hold() {
    return this.#simulator.set({ ...this.#behavior, holdAck: true });
  }

  async disconnect() {
    await this.#simulator.set({ ...this.#behavior, faults: [away] });
    await this.#simulator.call("cut");
    await becomes(this.session, "reconnecting");
  }

  async reconnect({ newSession = false } = {}) {
    await this.session.evaluate((session) => {
      session.gap = new Promise((resolve) =>
        session.client.addEventListener("gap", () => resolve(), { once: true }),
      );
    });
    if (newSession) {
      await this.#simulator.call("expire");
    }
    await this.#simulator.set(this.#behavior);
    await (newSession
      ? this.session.evaluate(({ gap }) => gap)
      : becomes(this.session, "connected"));
  }

  refuseSubscription(refuseChannel) {
    this.#behavior = { ...this.#behavior, refuseChannel, refuseSubscribe: "403::no" };
    return this.#simulator.set(this.#behavior);
  }

  publish(channel, data) {
    return this.#simulator.call("publish", { channel, data });
  }
}

/** The client for tests, in the page as well. */
class Scripted {
  #options;
  #unsettled = [];

  static async make(page, options) {
    const scripted = new Scripted();
    scripted.page = page;
    scripted.#options = options;
    return scripted;
  }

  async start() {
    this.session = await this.page.evaluateHandle(
      async (options) => {
        const [testing, gws, inPage] = await Promise.all([
          import("/dist/testing.js"),
          import("/dist/index.js"),
          import("/in-page.js"),
        ]);
        const made = await testing.createTestClient(options);
        const events = [];
        for (const name of ["statechange", "notification"]) {
          made.client.addEventListener(name, ({ type, detail }) =>
            events.push({ type, ...detail }),
          );
        }
        return { ...inPage, ...testing, OutboundError: gws.OutboundError, ...made, events };
      },
      { ...this.#options, unsettled: this.#unsettled },
    );
  }

  leave(referenceId) {
    this.#unsettled = [{ method: "completeRecord", request, referenceId, delivery: "accepted" }];
  }

  hold() {
    return this.session.evaluate(({ server, hold }) => server.reply(hold()));
  }

  disconnect() {
    return this.session.evaluate(({ server }) => server.disconnect());
  }

  reconnect(options) {
    return this.session.evaluate(({ server }, options) => server.reconnect(options), options);
  }

  refuseSubscription(channel) {
    return this.session.evaluate(
      ({ server }, channel) => server.refuseSubscription(channel),
      channel,
    );
  }

  publish(channel, data) {
    return this.session.evaluate(
      ({ server }, channel, data) => server.publish(channel, data),
      channel,
      data,
    );
  }
}

/** Has both clients go through the same, in pages of their own; `seen` is what a page sees of each. */
function testAlike(name, options, script, seen) {
  for (const [which, Kind] of [
    ["the real client", Real],
    ["the client for tests", Scripted],
  ]) {
    testInPage(
      `${name}: ${which}`,
      async (page) => {
        const player = await Kind.make(page, options);
        assert.deepEqual(await script(player), seen);
      },
      { complaints: failures },
    );
  }
}

/** Subscribes; the session's `heard` has the events, as "subscription: channel notificationType". */
const subscribe = (session, pattern) =>
  session.evaluate(async (session, pattern) => {
    session.heard ??= [];
    await session.client.subscribe(pattern, ({ channel, data }) =>
      session.heard.push(`${pattern}: ${channel} ${data.notificationType}`),
    );
  }, pattern);

const heard = (session) => session.evaluate(({ heard }) => heard);

testAlike(
  "an acknowledgement is heard by who listens to its channel",
  { channels: ["/v2/me/*"] },
  async (player) => {
    await player.start();
    await subscribe(player.session, "/v2/me/outbound");
    await subscribe(player.session, "/v2/**");
    await subscribe(player.session, "/v2/me/calls");
    assert.ok((await complete(player.session, request)).value);
    const notified = await player.session.evaluate(({ events }) =>
      events
        .filter(({ type }) => type === "notification")
        .map(({ channel, data }) => `notification: ${channel} ${data.notificationType}`),
    );
    return [...(await heard(player.session)).sort(), ...notified];
  },
  [
    "/v2/**: /v2/me/outbound RecordProcessedAcknowledge",
    "/v2/me/outbound: /v2/me/outbound RecordProcessedAcknowledge",
    "notification: /v2/me/outbound RecordProcessedAcknowledge",
  ],
);

testAlike(
  "a session that is lost over a connection that lives",
  {},
  async (player) => {
    await player.start();
    const order = player.session.evaluate(
      ({ client }) =>
        new Promise((resolve) => {
          const order = [];
          client.addEventListener("statechange", ({ detail }) =>
            order.push(`${detail.state} ${detail.transport}`),
          );
          client.addEventListener("gap", ({ detail }) =>
            resolve([...order, detail.reason.split(":")[0]]),
          );
        }),
    );
    await player.session.evaluate(() => {}); // it listens
    await player.reconnect({ newSession: true });
    return (await order).filter((what, i, all) => what !== all[i - 1]); // each attempt is a change
  },
  [
    "reconnecting null",
    "connected websocket",
    "a new session has taken the place of the one before",
  ],
);

testAlike(
  "how long an unsettled call can be answered",
  { journal: true },
  async (player) => {
    await player.leave("left");
    await player.start();
    const until = async () => {
      const [{ answerableUntil }] = await list(player.session);
      return answerableUntil === null ? null : answerableUntil > 0 ? "later" : "over";
    };
    const seen = [await until()];
    await player.disconnect();
    seen.push(await until());
    await player.reconnect();
    seen.push(await until());
    await player.disconnect();
    await player.reconnect({ newSession: true });
    seen.push(await until());
    return seen;
  },
  [null, "later", null, "over"],
);

testAlike(
  "a list of records that was coming as the session was lost",
  {},
  async (player) => {
    await player.start();
    await player.hold();
    const asked = player.session.evaluate(
      ({ client, outcome, OutboundError }, request) =>
        outcome(client.getChainedRecords(request), OutboundError),
      { ...requests.getChainedRecords, referenceId: "list" },
    );
    await player.session.evaluate(
      ({ client }) =>
        new Promise((resolve) => {
          const look = async () => ((await client.stats()).posts > 0 ? resolve() : look());
          look();
        }),
    );
    await player.reconnect({ newSession: true });
    await player.publish("/v2/me/outbound", {
      messageType: "OutboundRecordMessage",
      notificationType: "ChainedRecordsDataEnd",
      referenceId: "list",
    });
    const { code, delivery, message, event } = (await asked).error;
    return [code, delivery, message, event.notificationType];
  },
  [
    "RECORD_ERROR",
    "accepted",
    'GWS answered with "ChainedRecordsDataEnd", but events may have been lost while the list was coming, and records with them: ask for it again',
    "ChainedRecordsDataEnd",
  ],
);

testAlike(
  "a channel that is refused in a new session",
  {},
  async (player) => {
    await player.start();
    await subscribe(player.session, "/v2/me/calls");
    await subscribe(player.session, "/v2/me/devices");
    await player.refuseSubscription("/v2/me/calls");
    await player.publish("/v2/me/calls", { notificationType: "before" });
    await player.publish("/v2/me/devices", { notificationType: "between" });
    await player.session.evaluate(
      (session) =>
        new Promise((resolve) => {
          const look = () => (session.heard.length === 2 ? resolve() : setTimeout(look));
          look();
        }),
    );
    await player.disconnect();
    await player.reconnect({ newSession: true });
    await player.publish("/v2/me/calls", { notificationType: "after" });
    await player.publish("/v2/me/devices", { notificationType: "after" });
    assert.ok((await complete(player.session, request)).value); // behind these
    return heard(player.session);
  },
  [
    "/v2/me/calls: /v2/me/calls before",
    "/v2/me/devices: /v2/me/devices between",
    "/v2/me/devices: /v2/me/devices after",
  ],
);

testAlike(
  "what is wrong is refused, and the client lives on",
  {},
  async (player) => {
    await player.start();
    const ask = (method, ...args) =>
      player.session.evaluate(
        async ({ client, outcome, OutboundError }, method, args) => {
          const listener = method === "subscribe" ? [() => {}] : [];
          const { error } = await outcome(client[method](...args, ...listener), OutboundError);
          return `${method}: ${error?.code} ${error?.problems?.map(({ field }) => field)}`;
        },
        method,
        args,
      );
    const seen = [];
    for (const [method, ...args] of [
      ["completeRecord", request, { ackTimout: 5 }],
      ["completeRecord", request, { ackTimeout: 0 }],
      ["completeRecord", request, { ackTimeout: "5", allowUnknownCallResult: 1 }],
      ["completeRecord", request, { signal: {} }],
      ["completeRecord", request, 7],
      ["completeRecord", 7, { ackTimeout: null, more: true }],
      ["rejectRecord", requests.rejectRecord, { allowUnknownCallResult: true }],
      ["completeRecord", request, null],
      ["close", { forgot: true }],
      ["close", { forget: 1 }],
      ["forget", 5],
      ["subscribe", "v2/me/calls"],
      ["subscribe", "/"],
      ["subscribe", "/v2//calls"],
      ["subscribe", "/v2/me/"],
      ["subscribe", "/v2/*/calls"],
      ["subscribe", "/v2/me/c*"],
      ["subscribe", "/meta/connect"],
      ["subscribe", `/${"x".repeat(1024)}`],
      ["subscribe", "/metadata/**"],
    ]) {
      seen.push(await ask(method, ...args));
    }
    return [...seen, await player.session.evaluate(({ client }) => client.state)];
  },
  [
    "completeRecord: INVALID_REQUEST ackTimout",
    "completeRecord: INVALID_REQUEST ackTimeout",
    "completeRecord: INVALID_REQUEST ackTimeout,allowUnknownCallResult",
    "completeRecord: INVALID_REQUEST signal",
    "completeRecord: INVALID_REQUEST options",
    "completeRecord: INVALID_REQUEST request,more",
    "rejectRecord: INVALID_REQUEST allowUnknownCallResult",
    "completeRecord: undefined undefined",
    "close: INVALID_REQUEST forgot",
    "close: INVALID_REQUEST forget",
    "forget: INVALID_REQUEST referenceId",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: INVALID_REQUEST channel",
    "subscribe: undefined undefined",
    "connected",
  ],
);

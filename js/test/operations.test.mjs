// Every operation of the Outbound API, in a page, against a simulator.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { connect, testInPage } from "./in-browser.mjs";
import { requests } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const list = await readFile(new URL("../src/methods.ts", import.meta.url), "utf8");
/** The names of the methods, as they are generated. */
const methods = [...list.matchAll(/^ {2}"(\w+)",$/gm)].map(([, name]) => name);

test("each method has an example in sample.mjs", () => {
  assert.deepEqual(Object.keys(requests).sort(), methods.toSorted());
});

const agent = { applicationId: 134, campaignName: "Renewals", devicePath: "/devices/1" };
// Of this campaign the simulator knows nothing: it accepts what is asked of any record.
const elsewhere = { ...agent, campaignName: "Campaign1" };

/** Calls a method of the client; returns what it settled with: see in-page.js. */
function call(session, method, request, options) {
  return session.evaluate(
    ({ client, outcome, OutboundError }, method, request, options) =>
      outcome(client[method](request, options), OutboundError),
    method,
    request,
    options,
  );
}

async function start(page, behavior, options) {
  const simulator = await Simulator.start(behavior);
  return [simulator, await connect(page, { baseUrl: simulator.url, headers, ...options })];
}

for (const transport of ["websocket", "long-polling"]) {
  testInPage(`every operation, over ${transport}`, async (page) => {
    const [simulator, session] = await start(page, {}, { transports: [transport] });
    const done = new Set();
    const event = async (method, request) => {
      done.add(method);
      const { value, error } = await call(session, method, request);
      assert.equal(error, undefined, `${method}: ${error?.message}`);
      return value;
    };
    const type = async (...call) => (await event(...call)).notificationType;
    const next = async () => {
      const { recordHandle, callingList, userData } = await event("getPreviewRecord", agent);
      assert.equal(userData.GSW_RECORD_HANDLE, recordHandle);
      return { ...agent, recordHandle, callingList };
    };

    const started = await event("startPreviewSession", { ...agent, referenceId: "start" });
    assert.equal(started.notificationType, "PreviewSessionStarted");
    assert.equal(started.campaign.name, agent.campaignName);
    assert.equal(started.referenceId, "start");

    const first = await next();
    const { callingList, ...record } = first;
    const chained = await event("getChainedRecords", record);
    assert.equal(chained.length, 2);
    assert.ok(chained.every(({ userData }) => userData.GSW_CHAIN_ID > 0));
    const chainId = chained[0].userData.GSW_CHAIN_ID;
    const [hours, otherFields] = [
      { from: 0, until: 86_400 },
      { Note: "a neighbour's", Sure: false },
    ];
    const learned = { phoneNumber: "+12125550199", phoneType: "Mobile", timeZone: "GMT", ...hours };
    const added = { ...agent, callingList, ...learned, chainId, otherFields };
    assert.equal(await type("addRecord", added), "AddRecordAcknowledge");
    const longer = await event("getChainedRecords", record);
    assert.equal(longer.length, 3);
    const { GSW_PHONE, GSW_CHAIN_ID, Note, Sure } = longer[2].userData;
    assert.deepEqual(
      [GSW_PHONE, GSW_CHAIN_ID, { Note, Sure }],
      [learned.phoneNumber, chainId, otherFields],
    );
    const changed = { ...first, phoneNumber: "1", phoneType: "Mobile", timeZone: "GMT", from: 0 };
    assert.equal(await type("updateRecord", changed), "UpdateCallCompletionStatsAcknowledge");
    const busy = { ...first, callResult: "Busy" };
    assert.equal(await type("completeRecord", busy), "RecordProcessedAcknowledge");
    const { callingList: _, ...plain } = await next();
    const later = { ...plain, callbackType: "Personal", timestamp: 1_900_000_000 };
    assert.equal(await type("rescheduleRecord", later), "ScheduledRecordRescheduleAcknowledge");
    assert.equal(await type("rejectRecord", await next()), "RecordRejectAcknowledge");
    assert.equal(await type("cancelRecord", await next()), "RecordCancelAcknowledge");
    assert.equal(await type("doNotCallRecord", await next()), "DoNotCallAcknowledge");
    const number = { ...agent, phoneNumber: "5551234", operationName: "DoNotCallRecord" };
    assert.equal(await type("doNotCallRecord", number), "DoNotCallAcknowledge");
    assert.equal(await type("endPreviewSession", agent), "PreviewSessionEnded");
    assert.deepEqual([...done].sort(), methods.toSorted());

    const paths = (await simulator.posts()).map(({ path }) => path);
    assert.equal(paths.at(0), "/api/v2/me/outbound-campaigns/Renewals");
    assert.equal(paths.at(-2), "/api/v2/me/outbound-records");
    assert.equal(await session.evaluate(({ client }) => client.pending), 0);
  });
}

testInPage("a Date goes as seconds, also that of another frame", async (page) => {
  const [simulator, session] = await start(page);
  const outcomes = await session.evaluate(
    async ({ client, outcome }, request) => {
      const frame = document.body.appendChild(document.createElement("iframe"));
      const times = [
        new Date(1_800_000_000_999),
        new frame.contentWindow.Date(1_800_000_001_000),
        1_800_000_002,
        new Date(Number.NaN),
        1_800_000_003_000,
        "2027-01-15",
      ];
      const settled = times.map((timestamp) =>
        outcome(client.rescheduleRecord({ ...request, timestamp })),
      );
      return Promise.all(settled);
    },
    { ...elsewhere, recordHandle: 7, callbackType: "Personal" },
  );
  const sent = (await simulator.posts()).map(({ body }) => JSON.parse(body).timestamp);
  assert.deepEqual(sent.sort(), [1_800_000_000, 1_800_000_001, 1_800_000_002]);
  for (const { value } of outcomes.slice(0, 3)) {
    assert.equal(value.notificationType, "RecordRescheduleAcknowledge");
  }
  const messages = outcomes.slice(3).map(({ error }) => error.problems[0].message);
  assert.match(messages[0], /^got an invalid Date, expected a Date, or seconds/);
  assert.match(messages[1], /looks like milliseconds; pass a Date, or seconds/);
  assert.match(messages[2], /^got "2027-01-15", expected a Date/);
});

// Runs in the page: calls addRecord with odd fields. Returns the problems of each call, or what was sent.
async function addOddFields({ client = globalThis.client }, request) {
  const frame = document.body.appendChild(document.createElement("iframe"));
  const { Object: Other } = frame.contentWindow;
  const unread = {
    get Note() {
      throw new RangeError("odd");
    },
  };
  const many = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`field${i}`, i]));
  const given = {
    none: undefined,
    nothing: {},
    good: { a: "", b: 'é"\u2028', c: -0.5, d: true, e: undefined, f: null },
    "its own alone": Object.assign(Object.create({ inherited: 1 }), { a: 1 }),
    "of another frame": Other.assign(new Other(), { a: 1 }),
    "of JavaScript's own names": JSON.parse('{"__proto__":"a","constructor":1,"toString":true}'),
    "a hundred": many(100),
    "one more": many(101),
    nested: { good: 1, x: {}, y: [1], z: new Date(), f: () => {}, n: Number.NaN, big: 2 ** 60 },
    names: { "": 1, "\n": 1, ["x".repeat(257)]: 1 },
    long: { a: "x".repeat(1025) },
    map: new Map([["a", 1]]),
    headers: new Headers({ a: "1" }),
    list: ["a"],
    text: "a",
    unread,
  };
  const outcomes = {};
  for (const [name, otherFields] of Object.entries(given)) {
    try {
      await client.addRecord({ ...request, referenceId: name, otherFields });
      outcomes[name] = "sent";
    } catch ({ code, delivery, problems }) {
      const list = problems?.map(({ field, message }) => `${field}: ${message}`);
      outcomes[name] = [code, delivery, ...(list ?? [])];
    }
  }
  frame.remove();
  return outcomes;
}

const refused = ["INVALID_REQUEST", "not-sent"];
const expected = "expected an object of strings, numbers and booleans";
const expectedValue = "expected a string, a number or a boolean";
const oddFields = {
  "one more": [...refused, "otherFields: got more than 100 fields, expected at most 100"],
  nested: [
    ...refused,
    "otherFields.big: got [withheld], which JavaScript does not hold exactly; pass the digits as a string",
    `otherFields.f: got a value of type function, ${expectedValue}`,
    "otherFields.n: got NaN, which JSON has no number for",
    `otherFields.x: got a value of type object, ${expectedValue}`,
    `otherFields.y: got a value of type array, ${expectedValue}`,
    `otherFields.z: got a Date, ${expectedValue}`,
  ],
  names: [
    ...refused,
    'otherFields: a field\'s name: got "", expected a string that is not empty',
    'otherFields: a field\'s name: got "\\n", expected a string without control characters',
    `otherFields: a field's name: got "${"x".repeat(40)}…" with 257 characters, expected at most 256`,
  ],
  long: [
    ...refused,
    'otherFields.a: got "[withheld]…" with 1025 characters, expected at most 1024',
  ],
  map: [...refused, `otherFields: got a value of type object, ${expected}`],
  headers: [...refused, `otherFields: got a value of type object, ${expected}`],
  list: [...refused, `otherFields: got a value of type array, ${expected}`],
  text: [...refused, `otherFields: got "a", ${expected}`],
};

/** Checks what became of each call. */
function assertOddFields({ unread, ...outcomes }, posts) {
  assert.deepEqual(
    Object.fromEntries(Object.entries(outcomes).filter(([, outcome]) => outcome !== "sent")),
    oddFields,
  );
  assert.deepEqual(unread, [...refused, "otherFields.Note: cannot be read: RangeError: odd"]);
  const sent = posts.map(({ body }) => JSON.parse(body));
  const fields = Object.fromEntries(
    sent.map(({ referenceId, otherFields }) => [referenceId, otherFields]),
  );
  const { "of JavaScript's own names": own, "a hundred": hundred, ...rest } = fields;
  assert.deepEqual(rest, {
    none: undefined,
    nothing: {},
    good: { a: "", b: 'é"\u2028', c: -0.5, d: true },
    "its own alone": { a: 1 },
    "of another frame": { a: 1 },
  });
  assert.deepEqual(Object.entries(own).sort(), [
    ["__proto__", "a"],
    ["constructor", 1],
    ["toString", true],
  ]);
  assert.equal(Object.keys(hundred).length, 100);
}

for (const [where, worker] of [
  ["in a Worker", true],
  ["in the page", false],
]) {
  testInPage(`user data cross as they are, and what is wrong is named, ${where}`, async (page) => {
    const [simulator, session] = await start(page, {}, { worker });
    const outcomes = await session.evaluate(addOddFields, requests.addRecord);
    assertOddFields(outcomes, await simulator.posts());
  });
}

testInPage("a chain is collected to its end, each record once", async (page) => {
  const [simulator, session] = await start(page, { noAck: true });
  const request = { ...elsewhere, recordHandle: 7, referenceId: "chain" };
  const settled = call(session, "getChainedRecords", request);
  await simulator.call("wait-posts", { n: 1 });
  const publish = (notificationType, record) =>
    simulator.call("publish", {
      channel: "/v2/me/outbound",
      data: { notificationType, referenceId: "chain", record },
    });
  const records = [9, 8, 9].map((recordHandle) => ({ recordHandle, userData: { a: [null] } }));
  for (const record of records) {
    await publish("ChainedRecord", record);
  }
  assert.equal(await session.evaluate(({ client }) => client.pending), 1);
  await publish("ChainedRecordsDataEnd", { recordHandle: 7 });
  assert.deepEqual(await settled, { value: records.slice(0, 2) });
});

testInPage("no record to preview is null", async (page) => {
  const [simulator, session] = await start(page);
  await call(session, "startPreviewSession", agent);
  await simulator.set({ noAck: true });
  const settled = call(session, "getPreviewRecord", { ...agent, referenceId: "none" });
  await simulator.call("wait-posts", { n: 2 });
  const data = { notificationType: "PreviewRecordEmpty", referenceId: "none" };
  await simulator.call("publish", { channel: "/v2/me/outbound", data });
  assert.deepEqual(await settled, { value: null });
});

testInPage("another event is an error", async (page) => {
  const [, session] = await start(page, { notification: "RecordRejectError" });
  const request = { ...elsewhere, recordHandle: 7, callingList: "L" };
  const { error } = await call(session, "rejectRecord", request);
  assert.deepEqual([error.code, error.delivery], ["RECORD_ERROR", "accepted"]);
  assert.match(error.message, /"RecordRejectError" in place of RecordRejectAcknowledge/);
  assert.equal(error.event.notificationType, "RecordRejectError");
});

testInPage("an abort says what is known", async (page) => {
  const [simulator, session] = await start(page, { noAck: true });
  const request = { ...elsewhere, recordHandle: 7, callingList: "L", referenceId: "r" };
  const settled = session.evaluate(({ client, outcome, OutboundError }, request) => {
    globalThis.controller = new AbortController();
    const { signal } = globalThis.controller;
    return outcome(client.cancelRecord(request, { signal }), OutboundError);
  }, request);
  await simulator.call("wait-posts", { n: 1 });
  await session.evaluate(() => globalThis.controller.abort(new Error("changed their mind")));
  const { error } = await settled;
  assert.deepEqual(
    [error.name, error.code, error.referenceId, error.cause],
    ["AbortError", "ABORTED", "r", "Error: changed their mind"],
  );
  assert.match(error.delivery, /^(accepted|unknown)$/);
});

testInPage("every wrong field is named, and nothing is sent", async (page) => {
  const [simulator, session] = await start(page);
  const problems = async (method, request, options) => {
    const { error } = await call(session, method, request, options);
    assert.deepEqual([error.code, error.delivery], ["INVALID_REQUEST", "not-sent"]);
    return Object.fromEntries(error.problems.map(({ field, message }) => [field, message]));
  };
  assert.deepEqual(
    await problems("updateRecord", { ...agent, recordHandle: 0, phoneType: "Mobil", untill: 1 }),
    {
      recordHandle: "got 0, expected a positive integer, or its digits as a string",
      phoneType: "got \"Mobil\"; did you mean 'Mobile'?",
      untill: "unknown field; did you mean until?",
    },
  );
  assert.match((await problems("doNotCallRecord", agent)).phoneNumber, /a recordHandle$/);
  const dots = { ...agent, campaignName: ".." };
  assert.match((await problems("startPreviewSession", dots)).campaignName, /another path/);
  const options = { allowUnknownCallResult: true };
  assert.deepEqual(await problems("getPreviewRecord", agent, options), {
    allowUnknownCallResult: "unknown option",
  });
  assert.deepEqual(await simulator.posts(), []);
});

testInPage(
  "a campaign's name is one segment of the path",
  async (page) => {
    const [simulator, session] = await start(page);
    const campaignName = "a/b?c#d%2e ü";
    const { error } = await call(session, "startPreviewSession", { ...agent, campaignName });
    assert.deepEqual([error.code, error.statusCode, error.delivery], ["API_ERROR", 6, "rejected"]);
    const [{ path, body }] = await simulator.posts();
    assert.equal(path, `/api/v2/me/outbound-campaigns/${campaignName}`);
    assert.equal(JSON.parse(body).campaignName, undefined);
  },
  { complaints: /404/ },
);

testInPage("what the server sends unasked is a notification", async (page) => {
  const [simulator, session] = await start(page);
  await call(session, "startPreviewSession", agent);
  const campaignName = "Customer survey";
  await simulator.call("campaign", { campaignName, status: "started" });
  const { recordHandle } = await simulator.call("push", {
    campaignName: agent.campaignName,
    user: "agent",
  });
  await simulator.call("campaign", { campaignName, status: "unloaded" });
  const events = await session.evaluate(async ({ events }) => {
    const notifications = () => events.filter(({ type }) => type === "notification");
    while (notifications().length < 3) await new Promise(requestAnimationFrame);
    return notifications();
  });
  assert.deepEqual(
    events.map(({ channel, data }) => [
      channel,
      data.notificationType,
      data.campaign?.name ?? data.record.recordHandle,
    ]),
    [
      ["/v2/me/outbound", "CampaignStarted", campaignName],
      ["/v2/me/outbound", "PreviewRecord", recordHandle],
      ["/v2/me/outbound", "CampaignUnloaded", campaignName],
    ],
  );
});

testInPage(
  "started bare, a client has every operation, and user data cross as well",
  async (page) => {
    const simulator = await Simulator.start();
    const types = await page.evaluate(
      async (options, agent) => {
        const go = new globalThis.Go();
        const module = fetch("/dist/outbound.wasm");
        const { instance } = await WebAssembly.instantiateStreaming(module, go.importObject);
        go.run(instance);
        const client = await globalThis.gwsOutbound.createClient(options);
        const started = await client.startPreviewSession(agent);
        const { recordHandle } = await client.getPreviewRecord(agent);
        const when = { callbackType: "Campaign", timestamp: new Date() };
        const rescheduled = await client.rescheduleRecord({ ...agent, recordHandle, ...when });
        globalThis.client = client;
        return [started.notificationType, rescheduled.notificationType];
      },
      { baseUrl: simulator.url, headers },
      agent,
    );
    assert.deepEqual(types, ["PreviewSessionStarted", "RecordRescheduleAcknowledge"]);
    const outcomes = await page.evaluate(addOddFields, {}, requests.addRecord);
    await page.evaluate(() => globalThis.client.close());
    const adds = (await simulator.posts()).filter(({ body }) => body.includes("AddRecord"));
    assertOddFields(outcomes, adds);
  },
  { path: "/bare" },
);

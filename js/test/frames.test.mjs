// What the server writes, and what of it reaches the page.

import assert from "node:assert/strict";
import { engine, failures, lacking } from "./engine.mjs";
import { complete, connect, heard, testInPage, testOverEach } from "./in-browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const channel = "/v2/me/outbound";

/** For tests that look at the log: each driver has the lines of the page itself, not each those of a Worker. */
const logged = lacking.workerConsole[engine] && { worker: false };

/** A message with the acknowledgement of a call, as text: a server may write the handle in any way. */
function acknowledges(referenceId, handle) {
  const data = JSON.stringify({ ...acknowledgement, referenceId });
  return message(data.replace('"recordHandle":12', `"recordHandle":${handle}`));
}

function message(data) {
  return `{"channel":"${channel}","data":${data}}`;
}

testOverEach("a batch of more than 5 MiB", async (page, over) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
  const body = JSON.stringify({ padding: "x".repeat(900_000) });
  await simulator.set({ duplicates: 5, faults: [{ at: "event", do: "amend", body }] });
  const { value, error } = await complete(session, { ...request, referenceId: "large" });
  assert.equal(value?.padding.length, 900_000, error?.message);
});

testOverEach(
  "a batch of more than maxMessageSize costs its session, and no call that waits",
  async (page, over, said) => {
    const simulator = await Simulator.start({ holdAck: true });
    const session = await connect(page, {
      baseUrl: simulator.url,
      headers,
      maxMessageSize: 100_000,
      ...over,
      ...logged,
    });
    const settled = complete(session, { ...request, referenceId: "too large" });
    await simulator.call("wait-posts", { n: 1 });
    await simulator.call("publish", { channel, data: "x".repeat(200_000) });
    const reason = await session.evaluate(
      ({ client, events }) =>
        new Promise((resolve) => {
          const look = () => {
            const lost = events.find(({ state }) => state === "reconnecting");
            if (lost && client.state === "connected") resolve(lost.reason);
          };
          client.addEventListener("statechange", look);
          look();
        }),
    );
    assert.match(reason, /more than 100000 bytes .* the option maxMessageSize/);
    await heard(page, said, /the option maxMessageSize .* the session is given up/);
    await simulator.call("ack", { referenceId: "too large" });
    const { value, error } = await settled;
    assert.equal(value?.referenceId, "too large", error?.message);
  },
  { complaints: failures },
);

testOverEach("what is no JSON costs nobody but itself", async (page, over, said) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers, ...over, ...logged });
  const settled = complete(session, { ...request, referenceId: "beside" });
  await simulator.call("wait-posts", { n: 1 });
  const messages = [
    message('{"hidden":undefined}'),
    message('{"hidden":[NaN,-Infinity],"text":"\u0001\t"}'),
    message('"hidden\\x"'),
    acknowledges("beside", '12,"score":NaN,"most":Infinity,"note":"x\u000by"'),
  ];
  await simulator.call("publish", { channel, message: messages.join() });
  const record = { ...acknowledgement.record, score: null, most: null, note: "x\u000by" };
  assert.deepEqual(await settled, { value: { ...acknowledgement, referenceId: "beside", record } });
  await heard(page, said, /it is dropped/);
  assert.ok(!said.some((line) => /hidden/.test(line)), said.join("\n"));

  // The next acknowledgement comes in answer to a connect that has confirmed those messages.
  const next = complete(session, { ...request, referenceId: "next" });
  await simulator.call("wait-posts", { n: 2 });
  await simulator.call("ack", { referenceId: "next" });
  assert.ok((await next).value);
  const [{ cometd }] = (await simulator.call("state")).sessions;
  assert.ok(cometd[0].queued <= 2, `${cometd[0].queued} messages are kept for a session`);
});

testOverEach("the reference decides, however the handle is written", async (page, over) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
  const settled = complete(session, { ...request, referenceId: "fraction" });
  await simulator.call("wait-posts", { n: 1 });
  await simulator.call("publish", { channel, message: acknowledges("fraction", "12.0") });
  assert.deepEqual(await settled, { value: { ...acknowledgement, referenceId: "fraction" } });
});

testOverEach("a byte order mark before each answer and a frame", async (page, over) => {
  const marked = { do: "answer", body: '\ufeff{"statusCode":0}', processed: true };
  const simulator = await Simulator.start({
    noCSRF: true,
    noAckExtension: true, // so that nothing is sent again
    faults: [
      { ...marked, at: "sign-in" },
      { ...marked, at: "post" },
      { ...marked, at: "acknowledgement", body: `\ufeff[${acknowledges("marked", 12)}]` },
    ],
  });
  const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
  const { value, error } = await complete(session, { ...request, referenceId: "marked" });
  assert.equal(value?.referenceId, "marked", error?.message);
  assert.deepEqual(await simulator.call("struck"), [1, 1, 1]);
});

const handle = "9007199254740993"; // 2^53 + 1

/** An event of that record, as text: a number in JavaScript does not hold its handle. */
function eventText(changes) {
  const event = { ...acknowledgement, ...changes };
  return JSON.stringify({ ...event, record: { ...event.record, recordHandle: 0 } }).replace(
    '"recordHandle":0',
    `"recordHandle":${handle},"few":12,"most":9007199254740991,"least":-${handle},"part":${handle}.0`,
  );
}

const few = { few: 12, most: 9007199254740991, least: `-${handle}`, part: handle };

function assertExact(record) {
  assert.deepEqual(
    record,
    { ...acknowledgement.record, recordHandle: handle, ...few },
    "integers that no number holds are strings of their digits",
  );
}

testOverEach(
  "integers beyond 2^53 - 1, in results, errors and notifications",
  async (page, over) => {
    const simulator = await Simulator.start({ holdAck: true });
    const session = await connect(page, {
      baseUrl: simulator.url,
      headers,
      channels: ["/v2/me/calls"],
      ...over,
    });
    const settled = complete(session, { ...request, recordHandle: handle, referenceId: "a" });
    await simulator.call("wait-posts", { n: 1 });
    assert.equal((await simulator.posts())[0].path, `/api/v2/me/outbound-records/${handle}`);
    await simulator.publishText("/v2/me/calls", eventText({}));
    await simulator.publishText("/v2/me/outbound", eventText({ referenceId: "a" }));
    const { value, error } = await settled;
    assert.ok(value, error?.message);
    assertExact(value.record);
    const events = await session.evaluate(({ events }) =>
      events.filter(({ type }) => type === "notification").map(({ data }) => data),
    );
    assertExact(events[0].record);

    const failing = complete(session, {
      ...request,
      recordHandle: value.record.recordHandle,
      referenceId: "b",
    });
    await simulator.call("wait-posts", { n: 2 });
    assert.equal((await simulator.posts())[1].path, `/api/v2/me/outbound-records/${handle}`);
    await simulator.publishText(
      "/v2/me/outbound",
      eventText({ referenceId: "b", notificationType: "RecordError" }),
    );
    const failed = await failing;
    assert.equal(failed.error?.code, "RECORD_ERROR");
    assertExact(failed.error.event.record);
  },
);

// A structured clone, as between a page and a Worker, gives up at some 2,500 levels.
testInPage("events with arrays 5,000 deep", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const channel = "/v2/me/calls";
  const session = await connect(page, { baseUrl: simulator.url, headers, channels: [channel] });
  const deep = "[".repeat(5000) + "]".repeat(5000);
  const event = (changes) =>
    JSON.stringify({ ...acknowledgement, ...changes }).replace("{", `{"deep":${deep},`);
  // What is so deep is looked at in the page: no driver can send it.
  const outcomes = await session.evaluateHandle(({ client, events }, request) => {
    const depth = (value) => {
      let levels = 0;
      for (let inner = value.deep; inner; inner = inner[0]) levels++;
      return levels;
    };
    const answered = client.completeRecord({ ...request, referenceId: "a" }).then(depth);
    const failed = client
      .completeRecord({ ...request, referenceId: "b" })
      .catch(({ code, event }) => [code, depth(event)]);
    return { all: Promise.all([answered, failed]), heard: () => depth(events.at(-1).data) };
  }, request);
  await simulator.call("wait-posts", { n: 2 });
  await simulator.publishText(channel, event({}));
  await simulator.publishText("/v2/me/outbound", event({ referenceId: "a" }));
  await simulator.publishText(
    "/v2/me/outbound",
    event({ referenceId: "b", notificationType: "RecordError" }),
  );
  const settled = await outcomes.evaluate(async ({ all, heard }) => [await all, heard()]);
  assert.deepEqual(settled, [[5000, ["RECORD_ERROR", 5000]], 5000]);
});

testOverEach("a key in another letter case forges no acknowledgement", async (page, over) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
  const settled = complete(session, { ...request, referenceId: "a" });
  await simulator.call("wait-posts", { n: 1 });
  const forged = JSON.stringify({ ...acknowledgement, referenceId: "a", forged: true });
  for (const message of [
    `{"channel":"/v2/me/chat","chAnnel":"/v2/me/outbound","data":${forged}}`,
    `{"channel":"/v2/me/outbound","Data":${forged},"data":{"secret":undefined}}`,
  ]) {
    await simulator.call("publish", { channel: "/v2/me/outbound", message });
  }
  await simulator.call("ack", { referenceId: "a" });
  const { value, error } = await settled;
  assert.ok(value, error?.message);
  assert.equal(value.forged, undefined);
});

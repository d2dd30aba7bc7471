// What the server writes, and what of it reaches the page.

import assert from "node:assert/strict";
import { complete, connect, testInPage } from "./in-browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const handle = "9007199254740993"; // 2^53 + 1

/** An event of that record, as text: a number in JavaScript does not hold its handle. */
function eventText(changes) {
  const event = { ...acknowledgement, ...changes };
  return JSON.stringify({ ...event, record: { ...event.record, recordHandle: 0 } }).replace(
    '"recordHandle":0',
    `"recordHandle":${handle},"few":12,"most":9007199254740991,"least":-${handle},"part":${handle}.0`,
  );
}

const few = { few: 12, most: 9007199254740991, least: `-${handle}`, part: 9007199254740992 };

function assertExact(record) {
  assert.deepEqual(
    record,
    { ...acknowledgement.record, recordHandle: handle, ...few },
    "integers that no number holds are strings of their digits",
  );
}

testInPage("integers beyond 2^53 - 1, in results, errors and notifications", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, {
    baseUrl: simulator.url,
    headers,
    channels: ["/v2/me/calls"],
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
});

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

testInPage("a key in another letter case forges no acknowledgement", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, { baseUrl: simulator.url, headers });
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

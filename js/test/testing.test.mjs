// The client for tests, as a test of an app uses it: in Node.js, without a browser.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { cp, rename, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { mock, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { OutboundError } from "../dist/index.js";
import {
  acknowledge,
  createTestClient,
  delay,
  hold,
  lose,
  recordError,
  reject,
} from "../dist/testing.js";
import { makeApp, pack } from "./bundlers/build.mjs";
import { acknowledgement, request, requests } from "./sample.mjs";

const rejection = (promise) =>
  promise.then(
    (value) => assert.fail(`resolved with ${JSON.stringify(value)}`),
    (error) => error,
  );

/** What decides about an error. */
const gist = ({ code, delivery }) => `${code} ${delivery}`;

/** Until all that is due without a timer has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Runs a test with timers that it moves itself. */
const testInFakeTime = (name, run) =>
  test(name, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
    await run(async (ms) => {
      await settle();
      t.mock.timers.tick(ms);
      await settle();
    });
  });

test("each method resolves as the types say, without a word of the test", async () => {
  const { client, server } = await createTestClient();
  const results = {};
  for (const [method, given] of Object.entries(requests)) {
    results[method] = await client[method]({ ...given, referenceId: method });
  }
  assert.deepEqual(
    server.calls.map(({ method, referenceId, delivery, settled }) => [
      method === referenceId,
      delivery,
      settled,
    ]),
    Object.keys(requests).map(() => [true, "accepted", true]),
  );
  const { record, ...event } = results.completeRecord;
  assert.deepEqual(event, {
    messageType: acknowledgement.messageType,
    notificationType: acknowledgement.notificationType,
    referenceId: "completeRecord",
  });
  assert.deepEqual(
    { ...record, ...acknowledgement.record },
    { ...record, callResult: "Answer", phoneNumber: "5551234" },
  );
  assert.equal(results.rescheduleRecord.notificationType, "RecordRescheduleAcknowledge");
  assert.equal(results.startPreviewSession.campaign.name, "Campaign1");
  assert.deepEqual(results.getChainedRecords, []);
  assert.equal(results.getPreviewRecord.campaignName, "Campaign1");
});

test("the test says what comes back", async () => {
  const { client, server } = await createTestClient();
  server.replyOnce(acknowledge({ record: { recordHandle: "9007199254740993" } }));
  server.replyOnce(acknowledge([{ recordHandle: 1 }, { recordHandle: 2 }]));
  server.replyOnce(acknowledge(null));
  server.reply((call) => acknowledge({ note: call.request.callResult }));
  assert.deepEqual((await client.completeRecord(request)).record, {
    recordHandle: "9007199254740993",
  });
  assert.equal((await client.getChainedRecords(requests.getChainedRecords)).length, 2);
  assert.equal(await client.getPreviewRecord(requests.getPreviewRecord), null);
  assert.equal((await client.completeRecord(request)).note, "Answer");
  assert.deepEqual(server.calls[0].request, request);
});

test("refusals are errors of the package, with the true delivery", async () => {
  const { client, server } = await createTestClient();
  for (const [reply, expected] of [
    [reject({ statusCode: 2, statusMessage: "no" }), "API_ERROR rejected"],
    [reject({ statusCode: 7 }), "API_ERROR unknown"],
    [reject({ httpStatus: 401 }), "UNAUTHORIZED rejected"],
    [reject({ httpStatus: 403 }), "HTTP_ERROR rejected"],
    [reject({ httpStatus: 503 }), "HTTP_ERROR unknown"],
    [reject({ httpStatus: 504, statusCode: 504 }), "API_ERROR unknown"],
    [recordError({ notificationType: "RecordProcessedError" }), "RECORD_ERROR accepted"],
    [lose(), "NETWORK_ERROR unknown"],
    [lose("REQUEST_TIMEOUT"), "REQUEST_TIMEOUT unknown"],
  ]) {
    server.replyOnce(reply);
    const error = await rejection(client.completeRecord({ ...request, referenceId: "r" }));
    assert.ok(error instanceof OutboundError);
    assert.equal(gist(error), expected);
    assert.equal(error.referenceId, "r");
  }
  server.replyOnce(reject({ statusCode: 2, statusMessage: "no" }));
  const { message, statusCode, statusMessage, httpStatus } = await rejection(
    client.completeRecord(request),
  );
  assert.deepEqual([statusCode, statusMessage, httpStatus], [2, "no", 200]);
  assert.match(message, /^POST \/api\/v2\/me\/outbound-records\/12: status code 2 \(a parameter/);
  server.replyOnce(recordError({ notificationType: "RecordProcessedError", reason: 5 }));
  const { event } = await rejection(client.completeRecord({ ...request, referenceId: "r" }));
  assert.equal(
    `${event.notificationType} ${event.referenceId} ${event.reason}`,
    "RecordProcessedError r 5",
  );
});

testInFakeTime("timers are those of the test", async (pass) => {
  const { client, server } = await createTestClient({ ackTimeout: 5000 });
  server.reply(hold());
  const held = rejection(client.completeRecord(request));
  const short = rejection(client.completeRecord(request, { ackTimeout: 100 }));
  await pass(100);
  assert.equal(gist(await short), "ACK_TIMEOUT accepted");
  assert.equal(client.pending, 1);
  await pass(4900);
  assert.equal(gist(await held), "ACK_TIMEOUT accepted");

  server.reply(delay(2000, lose()));
  const slow = rejection(client.completeRecord(request));
  await pass(1999);
  assert.equal(client.pending, 1);
  await pass(1);
  assert.equal(gist(await slow), "NETWORK_ERROR unknown");

  // As a real client waits for it: TestPOSTFailsButTheAcknowledgementComes of internal/outbound.
  const saved = client.completeRecord(request);
  await pass(1999);
  server.calls.at(-1).reply(acknowledge());
  assert.equal((await saved).notificationType, "RecordProcessedAcknowledge");

  server.reply(hold());
  const late = client.completeRecord(request);
  await pass(4999);
  server.calls.at(-1).reply(acknowledge());
  assert.equal((await late).notificationType, "RecordProcessedAcknowledge");
});

testInFakeTime("without even an answer to the POST it is no ACK_TIMEOUT", async (pass) => {
  // As TestNoAcknowledgementInTime of internal/outbound has it.
  const { client, server } = await createTestClient({ ackTimeout: 1000 });
  server.reply(delay(5000));
  const silent = rejection(client.completeRecord({ ...request, referenceId: "r" }));
  await pass(1000);
  const error = await silent;
  assert.equal(`${gist(error)} ${error.referenceId}`, "REQUEST_TIMEOUT unknown r");
  assert.match(error.message, /^neither an answer to the POST nor an acknowledgement within 1000/);
  assert.equal(server.calls[0].delivery, "unknown");
});

test("a signal ends a call, and its reason is the cause", async () => {
  const { client, server } = await createTestClient();
  server.reply(hold());
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = rejection(client.completeRecord(request, { signal }));
  await settle();
  const reason = new Error("enough");
  controller.abort(reason);
  const error = await aborted;
  assert.equal(`${error.name} ${gist(error)}`, "AbortError ABORTED accepted");
  assert.equal(error.cause, reason);
  assert.equal(
    gist(await rejection(client.completeRecord(request, { signal }))),
    "ABORTED not-sent",
  );
  assert.equal(server.calls.length, 1);
});

testInFakeTime("a connection that is lost holds calls back, and comes again", async (pass) => {
  const { client, server } = await createTestClient({ connectTimeout: 1000 });
  const states = [];
  client.addEventListener("statechange", ({ detail }) => states.push(detail));
  const gaps = [];
  client.addEventListener("gap", ({ detail }) => gaps.push(detail.reason));
  server.replyOnce(delay(500, acknowledge()));
  const before = client.completeRecord(request);
  await pass(0);
  server.disconnect("the wire was cut", 800);
  assert.equal(
    `${client.state} ${client.transport} ${client.reason}`,
    "reconnecting null the wire was cut",
  );
  const given = rejection(client.completeRecord(request));
  await pass(1000);
  assert.equal(gist(await given), "CONNECT_FAILED not-sent");
  assert.match((await given).message, /the wire was cut/);
  const patient = client.completeRecord(request);
  server.reconnect();
  await before;
  await patient;
  assert.equal(server.calls.length, 2);
  assert.deepEqual(gaps, []);

  server.reply(hold());
  const lost = rejection(client.completeRecord(request, { ackTimeout: 10 }));
  await pass(0);
  server.disconnect();
  server.calls.at(-1).reply(acknowledge());
  server.reconnect({ newSession: true });
  await pass(10);
  assert.equal(gist(await lost), "ACK_TIMEOUT accepted");
  assert.equal(gaps.length, 1);
  const { posts, events, reconnects, lastRoundTrip } = await client.stats();
  assert.deepEqual([posts, events, reconnects, lastRoundTrip], [3, 2, 2, null]);
  assert.deepEqual(
    states.map(({ state, retryIn }) => [state, retryIn]),
    [
      ["reconnecting", 800],
      ["connected", undefined],
      ["reconnecting", undefined],
      ["connected", undefined],
    ],
  );
});

test("a gap is heard once the client is connected, and not after its end", async () => {
  const { client, server } = await createTestClient();
  const heard = [];
  client.addEventListener("statechange", ({ detail }) => heard.push(detail.state));
  client.addEventListener("gap", ({ detail }) => heard.push(detail.reason));
  server.disconnect();
  server.gap("lost");
  server.reconnect();
  server.end();
  server.gap("too late");
  assert.deepEqual(heard, ["reconnecting", "connected", "lost", "closed"]);
});

for (const [what, end, expected] of [
  ["the server ends the session", ({ server }) => server.end("signed out"), "DISCONNECTED"],
  ["another agent signs in", ({ server }) => server.changeAgent(), "AGENT_CHANGED"],
  ["the program ends", ({ server }) => server.crash(), "MODULE_EXITED"],
  ["the client is closed", ({ client }) => client.close(), "CLOSED"],
]) {
  test(`${what}: ${expected}`, async () => {
    const made = await createTestClient();
    const { client, server } = made;
    server.reply(hold());
    const pending = rejection(client.completeRecord(request));
    await settle();
    const closed = once(client, "statechange");
    await end(made);
    assert.equal(gist(await pending), `${expected} accepted`);
    assert.equal((await closed)[0].detail.state, "closed");
    assert.equal(gist(await rejection(client.completeRecord(request))), `${expected} not-sent`);
    assert.equal(server.calls.length, 1);
    await client.close();
  });
}

/**
 * What becomes of a call, beside the Go test that says it of the real client: code, delivery, whether the error has
 * the call's reference, and how many requests have reached the server.
 */
const ends = {
  TestNoAcknowledgementInTime: [
    "ACK_TIMEOUT accepted r, 1 sent",
    { options: { ackTimeout: 10 }, reply: hold(), pass: 10 },
  ],
  "TestNoAcknowledgementInTime/nor_an_answer_to_the_POST": [
    "REQUEST_TIMEOUT unknown r, 1 sent",
    { options: { ackTimeout: 10 }, reply: delay(11), pass: 10 },
  ],
  "TestTwoInFlight/the_same_reference_is_refused": [
    "INVALID_REQUEST not-sent -, 1 sent",
    { reply: hold(), before: ({ complete }) => complete() },
  ],
  "TestAbort/before_the_POST": ["ABORTED not-sent r, 0 sent", { before: ({ abort }) => abort() }],
  "TestAbort/while_it_is_under_way": [
    "ABORTED unknown r, 1 sent",
    { reply: delay(1000), meanwhile: ({ abort }) => abort() },
  ],
  "TestAbort/after_it": [
    "ABORTED accepted r, 1 sent",
    { reply: hold(), meanwhile: ({ abort }) => abort() },
  ],
  "TestAbort/while_there_is_no_session": [
    "ABORTED not-sent r, 0 sent",
    { before: ({ server }) => server.disconnect(), meanwhile: ({ abort }) => abort() },
  ],
  TestCloseWhilePending: [
    "CLOSED accepted r, 1 sent",
    { reply: hold(), meanwhile: ({ client }) => client.close() },
  ],
  TestServerEndsTheSession: [
    "DISCONNECTED accepted r, 1 sent",
    { reply: hold(), meanwhile: ({ server }) => server.end() },
  ],
  "TestServerEndsTheSession, while it waits for a session": [
    "DISCONNECTED not-sent r, 0 sent",
    { before: ({ server }) => server.disconnect(), meanwhile: ({ server }) => server.end() },
  ],
  "TestServerEndsTheSession, before it": [
    "DISCONNECTED not-sent r, 0 sent",
    { before: ({ server }) => server.end() },
  ],
  "TestCompletionWaitsForTheSession/but_not_for_ever": [
    "CONNECT_FAILED not-sent r, 0 sent",
    { options: { connectTimeout: 10 }, before: ({ server }) => server.disconnect(), pass: 10 },
  ],
  TestAgentChanged_NothingIsSentInTheOtherName: [
    "AGENT_CHANGED not-sent r, 0 sent",
    { before: ({ server }) => server.changeAgent() },
  ],
};
for (const [test, [expected, { options, reply, before, meanwhile, pass: ms }]] of Object.entries(
  ends,
)) {
  testInFakeTime(`a call ends as in internal/outbound, ${test}`, async (pass) => {
    const { client, server } = await createTestClient(options);
    const controller = new AbortController();
    const { signal } = controller;
    const complete = () =>
      rejection(client.completeRecord({ ...request, referenceId: "r" }, { signal }));
    const scene = { client, server, complete, abort: () => controller.abort() };
    server.reply(reply ?? acknowledge());
    before?.(scene);
    const call = complete();
    await settle();
    meanwhile?.(scene);
    await pass(ms ?? 0);
    const error = await call;
    assert.equal(
      `${gist(error)} ${error.referenceId ?? "-"}, ${server.calls.length} sent`,
      expected,
    );
  });
}

test("events go to subscriptions, to notifications, and to the call that they answer", async () => {
  const { client, server } = await createTestClient({ channels: ["/v2/me/calls"] });
  const heard = [];
  const listener = ({ channel, data }) => heard.push(`${channel} ${data.n}`);
  const all = await client.subscribe("/v2/me/*", listener);
  await client.subscribe("/v2/me/devices", listener);
  client.addEventListener("notification", ({ detail: { channel, data } }) =>
    heard.push(`notification ${channel} ${data.n}`),
  );
  server.publish("/v2/me/devices", { n: 1 });
  server.publish("/v2/me/calls", { n: 2 });
  server.publish("/v2/you", { n: 3 });
  await all.unsubscribe();
  server.publish("/v2/me/outbound", { n: 4, notificationType: "CampaignLoaded" });
  assert.deepEqual(heard, [
    "/v2/me/devices 1",
    "/v2/me/devices 1",
    "/v2/me/calls 2",
    "notification /v2/me/calls 2",
    "notification /v2/me/outbound 4",
  ]);
  // As TestWhatTheServerTellsUnasked of internal/outbound has it.
  server.publish("/v2/me/outbound", { n: 5, notificationType: "PreviewRecord" });
  for (const event of [
    { notificationType: "RecordRejectAcknowledge", referenceId: "late" },
    { notificationType: "PreviewRecord", referenceId: "another's" },
    {},
    null,
  ]) {
    server.publish("/v2/me/outbound", event);
  }
  assert.deepEqual(heard.slice(5), ["notification /v2/me/outbound 5"]);
  server.reply(hold());
  const call = client.completeRecord({ ...request, referenceId: "r" });
  const event = { notificationType: "RecordProcessedAcknowledge", referenceId: "r" };
  server.publish("/v2/me/outbound", event);
  assert.deepEqual(await call, event);
  server.refuseSubscription("/v2/me/secret", "403::no");
  const refused = await rejection(client.subscribe("/v2/me/secret", listener));
  assert.equal(`${gist(refused)} ${refused.message}`.includes("SUBSCRIBE_REFUSED not-sent"), true);
  assert.match(refused.message, /\/v2\/me\/secret: 403::no$/);
  const wrong = await rejection(client.subscribe(undefined, { handleEvent: listener }));
  assert.equal(gist(wrong), "INVALID_REQUEST not-sent");
  assert.deepEqual(
    wrong.problems.map(({ field }) => field),
    ["channel", "listener"],
  );
});

test("unsettled calls are listed until they are settled, sent again or forgotten", async () => {
  const sentAt = new Date(1e12);
  const left = (referenceId) => ({ method: "completeRecord", request, referenceId, sentAt });
  const { client, server } = await createTestClient({
    unsettled: ["a", "b", "c", "d"].map(left),
  });
  const [a, b, c, d] = await client.unsettled();
  assert.deepEqual(
    [a.method, a.request, a.delivery, a.sentAt, a.answered, a.answerableUntil],
    ["completeRecord", { ...request, referenceId: "a" }, "unknown", sentAt, false, null],
  );
  server.unsettled[0].reply(acknowledge());
  assert.equal((await a.settled).referenceId, "a");
  await client.forget("b");
  assert.equal(gist(await rejection(b.settled)), "CLOSED unknown");
  server.replyOnce(reject({ statusCode: 2 }));
  await rejection(client.completeRecord(c.request));
  assert.deepEqual(
    (await client.unsettled()).map((call) => call.referenceId),
    ["c", "d"],
  );
  await client.completeRecord(c.request);
  assert.equal((await c.settled).referenceId, "c");
  server.unsettled[0].reply(acknowledge());
  assert.equal((await client.unsettled())[0].answered, true);
  await d.settled;
  assert.deepEqual(await client.unsettled(), []);
});

test("close({ forget: true }) leaves no unsettled call", async () => {
  const { client, server } = await withUnsettled();
  const [{ settled }] = await client.unsettled();
  await client.close({ forget: true });
  assert.equal(gist(await rejection(settled)), "CLOSED unknown");
  assert.deepEqual(server.unsettled, []);
  const other = await withUnsettled();
  other.server.changeAgent();
  const refused = await rejection(other.client.close({ forget: true }));
  assert.equal(gist(refused), "AGENT_CHANGED not-sent");
});

/** A client with a call that an earlier one has left, under the reference "a". */
const withUnsettled = (left) =>
  createTestClient({
    unsettled: [{ method: "completeRecord", request, referenceId: "a", ...left }],
  });
const references = async (client) => (await client.unsettled()).map((call) => call.referenceId);
const recordProcessed = { notificationType: "RecordProcessedAcknowledge", referenceId: "a" };
const recordFailed = { notificationType: "RecordProcessedError", referenceId: "a" };

test("an answered call that is sent again has that answer, and nothing is sent", async () => {
  const { client, server } = await withUnsettled();
  const [call] = await client.unsettled();
  server.publish("/v2/me/outbound", { ...recordProcessed, n: 1 });
  const again = { ...call.request, recordHandle: `00${call.request.recordHandle}` };
  assert.equal((await client.completeRecord(again)).n, 1);
  assert.equal((await call.settled).n, 1);
  assert.deepEqual(await references(client), []);
  assert.equal((await client.completeRecord(call.request)).n, 1, "also once it is off the list");
  server.disconnect();
  assert.equal((await client.completeRecord(call.request)).n, 1, "and without a session");
  server.reconnect();
  assert.equal(server.calls.length, 0);
  await client.completeRecord({ ...call.request, callResult: "Busy" });
  assert.equal(server.calls.length, 1, "another request is");
});

test("a call that another event has answered is sent again once that event is known", async () => {
  const { client, server } = await withUnsettled();
  server.publish("/v2/me/outbound", recordFailed);
  const given = { ...request, referenceId: "a" };
  const error = await rejection(client.completeRecord(given));
  assert.equal(`${gist(error)} ${error.referenceId}`, "RECORD_ERROR accepted a");
  assert.equal(error.event.notificationType, recordFailed.notificationType);
  assert.equal(server.calls.length, 0);
  await client.completeRecord(given);
  assert.equal(server.calls.length, 1);
});

test("a call that is sent again is not listed meanwhile, and its answer is that of both", async () => {
  const { client, server } = await withUnsettled();
  const [{ request: given, settled }] = await client.unsettled();
  server.reply(hold());
  const again = client.completeRecord(given);
  const [earlier] = server.unsettled;
  assert.equal(earlier, undefined);
  assert.deepEqual(await references(client), []);
  server.calls[0].reply(acknowledge());
  assert.equal((await again).referenceId, "a");
  assert.equal((await settled).referenceId, "a");
  assert.deepEqual(await references(client), []);
});

test("an unsettled call can be sent again as it is listed", async () => {
  const { client, server } = await createTestClient({
    unsettled: [
      {
        method: "rescheduleRecord",
        request: { ...requests.rescheduleRecord, timestamp: new Date(1.7e12) },
        sentAt: new Date(2),
      },
      { method: "completeRecord", request: { ...request, callResult: "new" }, sentAt: new Date(1) },
    ],
  });
  const [first, second] = await client.unsettled();
  assert.deepEqual([first.method, second.method], ["completeRecord", "rescheduleRecord"]);
  assert.equal(second.request.timestamp, 1.7e9);
  await client.completeRecord(first.request);
  await client.rescheduleRecord(second.request);
  assert.equal(server.calls.length, 2);
  assert.deepEqual(await references(client), []);
});

test("an unsettled call outlives the session, and is not for another agent", async () => {
  for (const [end, code, listed] of [
    [(server) => server.end(), "DISCONNECTED", [["a", false]]],
    [(server) => server.changeAgent(), "AGENT_CHANGED", []],
  ]) {
    const { client, server } = await withUnsettled({ delivery: "accepted" });
    const [{ settled }] = await client.unsettled();
    end(server);
    const error = await rejection(settled);
    assert.equal(`${gist(error)} ${error.referenceId}`, `${code} accepted a`);
    const list = await client.unsettled();
    assert.deepEqual(
      list.map(({ referenceId, answered }) => [referenceId, answered]),
      listed,
    );
    for (const call of list) {
      assert.equal(gist(await rejection(call.settled)), `${code} accepted`);
    }
    await client.forget("nothing");
    if (code === "AGENT_CHANGED") {
      const kept = await rejection(client.forget("a"));
      assert.equal(`${gist(kept)} ${kept.referenceId}`, "AGENT_CHANGED accepted a");
    } else {
      await client.forget("a");
      assert.deepEqual(await references(client), []);
    }
  }
});

test("what is wrong with a request is found as the module finds it", async () => {
  const odd = [
    ...["", " ", "x", "12", "0012", "0", "-1", "1.5", "9007199254740993", "9223372036854775807"],
    ...["9223372036854775808", "99999999999999999999", "a\nb", ".", "..", "Answer", "answer"],
    ...["TransferFailed", "NUTone", "RecordOnly", "Mobile", "x".repeat(256), "x".repeat(257)],
    ...["é".repeat(1024), "x".repeat(1025), 0, 1, -1, 1.5, 1e11, 1e11 + 1, 2 ** 53, 1e300, -1e300],
    ...[true, false, [], ["x"], {}, { a: 1, b: "", c: true, d: null }, { a: [] }, { a: {} }],
    ...[
      { "": 1 },
      { "a\n": 1 },
      { a: "x".repeat(1025) },
      { a: 2 ** 53 },
      { time: 1.7e12 },
      { time: 0 },
    ],
    Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, i])),
  ];
  const asked = [];
  for (const [method, sample] of Object.entries(requests)) {
    asked.push({ method, request: {} }, { method, request: { ...sample, unknown: 1 } });
    for (const name of ["completeRecord", "CompleteRecord", 7]) {
      asked.push({ method, request: { ...sample, operationName: name } });
    }
    for (const field of [...Object.keys(sample), "referenceId"]) {
      const { [field]: _, ...without } = sample;
      asked.push({ method, request: without });
      for (const value of odd) {
        asked.push({ method, request: { ...sample, [field]: value } });
      }
    }
  }
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const want = JSON.parse(
    execFileSync("go", ["run", "./internal/cmd/refusals"], {
      cwd: root,
      input: JSON.stringify(asked),
      maxBuffer: 1 << 26,
    }),
  );
  const { client, server } = await createTestClient();
  assert.ok(asked.length > 3000, `${asked.length}`);
  let refused = 0;
  for (const [i, { method, request }] of asked.entries()) {
    const isTime = (value) => typeof value === "object" && value !== null && "time" in value;
    const given = Object.fromEntries(
      Object.entries(request).map(([field, value]) => [
        field,
        isTime(value) ? new Date(value.time) : value,
      ]),
    );
    const sent = server.calls.length;
    const error = await client[method](given).then(
      () => undefined,
      (error) => error,
    );
    const got = error?.problems?.map(({ field }) => field).sort() ?? [];
    assert.deepEqual(got, want[i], `${method} ${JSON.stringify(request)}`);
    if (error) {
      refused++;
      assert.equal(gist(error), "INVALID_REQUEST not-sent");
      assert.equal(server.calls.length, sent);
    }
  }
  assert.ok(refused > 2000 && refused < asked.length - 500, `${refused} of ${asked.length}`);
  await assert.rejects(client.completeRecord(), { code: "INVALID_REQUEST" });
});

test("a reference that is in flight is refused, also while its call waits for a session", async () => {
  const { client, server } = await createTestClient();
  const complete = () => client.completeRecord({ ...request, referenceId: "r" });
  const refused = async () => {
    const error = await rejection(complete());
    assert.deepEqual([gist(error), error.referenceId], ["INVALID_REQUEST not-sent", undefined]);
    assert.deepEqual(
      error.problems.map(({ field }) => field),
      ["referenceId"],
    );
  };
  server.reply(hold());
  const first = complete();
  await refused();
  server.calls[0].reply(acknowledge());
  await first;

  server.reply(acknowledge());
  server.disconnect();
  const waiting = complete();
  await refused();
  server.reconnect();
  await waiting;
  assert.equal(server.calls.length, 2);

  // An answer that was there before the request could leave keeps it from leaving.
  server.disconnect();
  const answered = complete();
  const event = { notificationType: "RecordProcessedAcknowledge", referenceId: "r" };
  server.publish("/v2/me/outbound", event);
  server.reconnect();
  assert.deepEqual(await answered, event);
  assert.equal(server.calls.length, 2);
});

test("it leaves nothing behind: no timer, no global, nothing of the module", async () => {
  const timers = mock.method(globalThis, "setTimeout");
  try {
    const globals = Object.getOwnPropertyNames(globalThis);
    const { client } = await createTestClient();
    await client.completeRecord(request);
    await client.close();
    assert.equal(timers.mock.callCount(), 1, "the one of ackTimeout");
    assert.deepEqual(Object.getOwnPropertyNames(globalThis), globals);
  } finally {
    timers.mock.restore();
  }
});

test("with require it is the same, and its errors are of one class", async () => {
  const require = createRequire(import.meta.url);
  const testing = require("gws-outbound/testing");
  const { OutboundError } = require("../dist/index.cjs");
  const { client, server } = await testing.createTestClient();
  server.reply(testing.reject({ statusCode: 2 }));
  assert.ok((await rejection(client.completeRecord(request))) instanceof OutboundError);
});

const modules = fileURLToPath(new URL("../node_modules", import.meta.url));

/** The runners that there are recipes for: how they are called in a folder, and what they need there. */
const runners = {
  vitest: {
    needs: ["vitest", "jsdom"],
    program: "vitest/vitest.mjs",
    args: (root) => ["run", "--root", root, "--no-color", "--reporter", "json"],
    passed: 5,
  },
  jest: {
    needs: ["jest-environment-jsdom"],
    program: "jest/bin/jest.js",
    args(root) {
      const plugins = [join(modules, "@babel/plugin-transform-modules-commonjs")];
      const transform = { "\\.js$": [join(modules, "babel-jest"), { plugins }] };
      const config = { rootDir: root, transform, cacheDirectory: join(root, "cache") };
      return ["--config", JSON.stringify(config), "--json", "--watchman=false"];
    },
    passed: 2,
  },
};
for (const [name, { needs, program, args, passed }] of Object.entries(runners)) {
  test(`the recipe for ${name} passes in a project that has the package from its tarball`, async () => {
    const { tarball } = await pack();
    const app = await makeApp(tarball);
    try {
      for (const needed of needs) {
        await symlink(join(modules, needed), join(app.root, "node_modules", needed));
      }
      const recipe = fileURLToPath(new URL("../../web/examples/testing", import.meta.url));
      await cp(recipe, app.root, { recursive: true });
      await rename(join(app.root, `disposition.${name}.js`), join(app.root, "disposition.test.js"));
      const run = [join(modules, program), ...args(app.root)];
      const report = await promisify(execFile)(process.execPath, run, { cwd: app.root }).catch(
        (error) => assert.fail(`${error.stdout}\n${error.stderr}`),
      );
      const { numPassedTests, numTotalTests } = JSON.parse(report.stdout);
      assert.deepEqual([numPassedTests, numTotalTests], [passed, passed]);
    } finally {
      await app.remove();
    }
  });
}

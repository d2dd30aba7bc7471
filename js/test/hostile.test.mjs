// A page and a server that mean harm, or are careless: headers in headers,
// paths that lead elsewhere, names that JavaScript gives a meaning to,
// redirects to another origin.

import assert from "node:assert/strict";
import { engine, failures } from "./engine.mjs";
import { complete, connect, settle, testInPage } from "./in-browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

function assertRejected({ error, value }, code, delivery, message = /./) {
  assert.ok(error, `resolved with ${JSON.stringify(value)}`);
  assert.equal(error.code, code, error.message);
  assert.equal(error.delivery, delivery, error.message);
  assert.match(error.message, message);
  assert.doesNotMatch(JSON.stringify(error), /secret|YWdlbnQ6c2VjcmV0/, "credentials in an error");
}

const optionsThatLie = {
  "a header in a header's value": { headers: { "X-A": "b\r\nX-Evil: 1" } },
  "a header in a header's name": { headers: { "X-A: b\r\nX-Evil": "1" } },
  "a path to another host": { cometdPath: "//evil.example/cometd" },
  "a path to another host, the other slash": { cometdPath: "/\\evil.example" },
  "a path upwards": { cometdPath: "/api/../../login" },
  "a path upwards, encoded": { cometdPath: "/api/%2e%2E/login" },
  "a path with a query": { cometdPath: "/api?x=" },
  "a host behind the origin": { cometdPath: "@evil.example/" },
  "a script for a URL": { baseUrl: "javascript:alert(1)//" },
  "a URL with a password": { baseUrl: "http://agent:secret@127.0.0.1" },
  "a URL with another slash": { baseUrl: "http://127.0.0.1\\@evil.example" },
  "a URL without slashes": { baseUrl: "http:evil.example" },
};
for (const [name, options] of Object.entries(optionsThatLie)) {
  testInPage(`refused: ${name}`, async (page) => {
    const [field] = Object.keys(options);
    const outcome = await settle(page, "createClient", options);
    assertRejected(outcome, "INVALID_REQUEST", "not-sent", new RegExp(field));
  });
}

testInPage("a function cannot put a header into another either", async (page) => {
  const simulator = await Simulator.start();
  const outcome = await page.evaluate(async (baseUrl) => {
    const [gws, { outcome }] = await Promise.all([import("/dist/index.js"), import("/in-page.js")]);
    const headers = () => ({ "X-A": "b\r\nX-Evil: 1" });
    return outcome(gws.createClient({ baseUrl, headers }), gws.OutboundError);
  }, simulator.url);
  assertRejected(outcome, "CONNECT_FAILED", "not-sent", /headers/);
  assert.deepEqual(await simulator.call("requests"), []);
});

for (const recordHandle of [
  "12/../../me",
  "..%2f..",
  "12?x=1",
  "12#",
  "%31%32",
  "12\n",
  "12\\..",
  "１２",
  12.5,
]) {
  testInPage(`not a handle: ${JSON.stringify(recordHandle)}`, async (page) => {
    const simulator = await Simulator.start();
    const session = await connect(page, { baseUrl: simulator.url, headers });
    const outcome = await complete(session, { ...request, recordHandle });
    assertRejected(outcome, "INVALID_REQUEST", "not-sent", /recordHandle/);
    assert.deepEqual(await simulator.posts(), []);
  });
}

testInPage("names of a campaign stay in the body", async (page) => {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers });
  for (const name of [
    "../../login",
    '","operationName":"RejectRecord',
    "</script>",
    "a\u2028b",
    "__proto__",
    "ünï 😀",
  ]) {
    const { value, error } = await complete(session, { ...request, campaignName: name });
    assert.ok(value, error?.message);
    assert.equal(value.record.campaignName, name);
    const { path, body } = (await simulator.posts()).at(-1);
    assert.equal(path, "/api/v2/me/outbound-records/12");
    assert.equal(JSON.parse(body).campaignName, name);
    assert.equal(JSON.parse(body).operationName, "CompleteRecord");
  }
});

testInPage("options and requests with names of JavaScript's own", async (page) => {
  const simulator = await Simulator.start();
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const outcome = await page.evaluate(async (name) => {
      const [gws, { outcome }] = await Promise.all([
        import("/dist/index.js"),
        import("/in-page.js"),
      ]);
      const options = JSON.parse(`{ "${name}": { "csrf": false, "polluted": true } }`);
      return outcome(gws.createClient(options), gws.OutboundError);
    }, name);
    assertRejected(outcome, "INVALID_REQUEST", "not-sent", new RegExp(name));
  }
  const session = await connect(page, { baseUrl: simulator.url, headers });
  for (const name of ["__proto__", "constructor", "toString"]) {
    const outcome = await session.evaluate(
      ({ client, outcome, OutboundError }, text) =>
        outcome(client.completeRecord(JSON.parse(text)), OutboundError),
      JSON.stringify(request).replace("{", `{"${name}":{"recordHandle":13},`),
    );
    assertRejected(outcome, "INVALID_REQUEST", "not-sent", new RegExp(name));
  }
  assert.equal(await page.evaluate(() => ({}).polluted), undefined);
  assert.deepEqual(await simulator.posts(), []);
});

testInPage("a page whose Object.prototype has grown", async (page) => {
  const simulator = await Simulator.start();
  await page.evaluate(() => {
    Object.prototype.surprise = true;
    Object.prototype.csrf = "nonsense";
    Object.prototype.recordHandle = 13;
  });
  const session = await connect(page, { baseUrl: simulator.url, headers });
  const { value, error } = await complete(session, request);
  assert.ok(value, error?.message);
  assert.equal((await simulator.posts())[0].path, "/api/v2/me/outbound-records/12");
});

testInPage("events with names of JavaScript's own", async (page) => {
  const simulator = await Simulator.start({ holdAck: true });
  const session = await connect(page, {
    baseUrl: simulator.url,
    headers,
    channels: ["/v2/me/calls"],
  });
  const evil = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
  const settled = complete(session, { ...request, referenceId: "ref" });
  await simulator.call("wait-posts", { n: 1 });
  await simulator.publishText("/v2/me/calls", evil);
  // The client's answer is the event as it came, whatever names it has.
  const event = JSON.stringify({ ...acknowledgement, referenceId: "ref" }).replace(
    "{",
    `{"toString":1,"then":1,${evil.slice(1, -1)},`,
  );
  await simulator.publishText("/v2/me/outbound", event);
  const { value, error } = await settled;
  assert.ok(value, error?.message);
  assert.equal(value.referenceId, "ref");
  assert.equal(value.toString, 1);
  const after = await session.evaluate(({ events }) => ({
    polluted: "polluted" in {},
    own: events.some(({ data }) => data && Object.hasOwn(data, "constructor")),
  }));
  assert.deepEqual(after, { polluted: false, own: true });
});

for (const [at, path, code, delivery] of [
  ["sign-in", "/api/v2/me", "HTTP_ERROR", "not-sent"],
  ["cometd", "/api/v2/notifications", "CONNECT_FAILED", "not-sent"],
  ["post", "/api/v2/me/outbound-records/12", "HTTP_ERROR", "unknown"],
]) {
  testInPage(
    `nothing follows a redirect to another origin: ${at}`,
    async (page) => {
      const [simulator, other] = await Promise.all([Simulator.start(), Simulator.start()]);
      const faults = [
        { at, do: "answer", status: 307, times: -1, header: { Location: other.url + path } },
      ];
      const options = {
        baseUrl: simulator.url,
        headers,
        connectTimeout: at === "post" ? 10_000 : 4000,
      };
      if (at === "post") {
        const session = await connect(page, options);
        await simulator.set({ faults });
        assertRejected(await complete(session, request), code, delivery, /redirect/);
      } else {
        await simulator.set({ faults });
        assertRejected(await settle(page, "createClient", options), code, delivery);
      }
      assert.ok((await simulator.call("requests")).length > 0);
      const arrived = await other.call("requests");
      // Of a WebSocket, Firefox and WebKit follow it by themselves, with nothing of ours.
      const ours = arrived.filter(
        ({ method, authorization, csrfToken }) =>
          engine === "chromium" || method !== "GET" || authorization || csrfToken,
      );
      assert.deepEqual(ours, [], "what arrived at the other origin");
    },
    { complaints: failures },
  );
}

testInPage("credentials go to one origin, and a client each", async (page) => {
  const [one, two] = await Promise.all([Simulator.start(), Simulator.start()]);
  const first = await connect(page, { baseUrl: one.url, headers });
  const arrived = (await two.call("requests")).length;
  assert.equal(arrived, 0);
  assert.ok((await complete(first, request)).value);
  assert.deepEqual(await two.call("requests"), []);
});

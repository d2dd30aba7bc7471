// What a client says of itself: its log at level debug, on the console or to the page, and its counters.

import assert from "node:assert/strict";
import { failures, lacking } from "./engine.mjs";
import { complete, connect, testInPage, testOverEach } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

/** What each line is to be about, with the transport. */
const expected = (transport) => [
  /^connecting over /,
  // On a machine so busy that the page's own answer is 3 s old, it is asked for again.
  /^GET \/api\/v2\/me: HTTP status 200, \d+ bytes, after [\d.]+m?s(; the page had asked)?$/,
  new RegExp(`^${transport}, open after [\\d.]+m?s$`),
  new RegExp(`^${transport}, sent /meta/handshake #1 \\(frame of \\d+ bytes\\)$`),
  new RegExp(`^${transport}, received /meta/handshake #1 \\(frame of \\d+ bytes\\)$`),
  new RegExp(`^${transport}, sent /meta/subscribe #2 /v2/me/outbound \\(`),
  new RegExp(`^connected over ${transport}$`),
  /^POST \/api\/v2\/me\/outbound-records\/12: HTTP status 200, \d+ bytes, after [\d.]+m?s$/,
  new RegExp(`^${transport}, received /v2/me/outbound`),
  /^completeRecord, reference r: resolved after [\d.]+m?s$/,
  new RegExp(`^reconnecting over ${transport}: the server refused to go on with the session`),
];

const secrets = ["5551234", "CallingList1", "RecordProcessed", headers.Authorization, "clientId"];

/** Completes a record, and loses the session once. */
async function use(session, simulator) {
  assert.ok((await complete(session, { ...request, referenceId: "r" })).value);
  const again = await session.evaluateHandle(({ client }) => ({
    connected: new Promise((resolve) =>
      client.addEventListener("statechange", ({ detail }) => {
        if (detail.state === "connected") resolve();
      }),
    ),
  }));
  await simulator.call("wait-connected", { n: 1 });
  await simulator.call("expire");
  await again.evaluate(({ connected }) => connected);
}

const eachStep = async (page, over) => {
  const simulator = await Simulator.start();
  const began = Date.now();
  await page.evaluate(() => {
    globalThis.entries = [];
  });
  const session = await page.evaluateHandle(
    async (options) => {
      const [gws, inPage] = await Promise.all([import("/dist/index.js"), import("/in-page.js")]);
      const log = (entry) => {
        globalThis.entries.push(entry);
        if (globalThis.entries.length === 1) throw new Error("thrown by the log");
      };
      addEventListener("error", (event) => event.preventDefault());
      const client = await gws.createClient({ ...options, log });
      return { ...inPage, ...gws, client };
    },
    { baseUrl: simulator.url, headers, logLevel: "debug", ...over },
  );
  await use(session, simulator);
  const entries = await page.evaluate(() => globalThis.entries);
  const lines = entries.map(({ message }) => message);
  for (const line of expected(over.transports[0])) {
    assert.ok(
      lines.some((text) => line.test(text)),
      `${line}:\n${lines.join("\n")}`,
    );
  }
  for (const secret of secrets) {
    assert.ok(!lines.join("\n").includes(secret), secret);
  }
  for (const [i, { level, time }] of entries.entries()) {
    assert.match(level, /^(debug|info|warn)$/);
    assert.ok(time >= began - 1 && time <= Date.now() && time >= (entries[i - 1]?.time ?? 0));
  }
  const stats = await session.evaluate(({ client }) => client.stats());
  assert.equal(stats.posts, 1);
  assert.ok(stats.events >= 1);
  assert.equal(stats.reconnects, 1);
  assert.equal(stats.dropped, 0);
  assert.ok(stats.lastRoundTrip > 0 && stats.lastRoundTrip < Date.now() - began);
  assert.equal(stats.medianRoundTrip, stats.lastRoundTrip);
  const code = await session.evaluate(async ({ client }) => {
    await client.close();
    return client.stats().catch((error) => error.code);
  });
  assert.equal(code, "CLOSED");
};
testOverEach("the option log has each step, with its time, and no data", eachStep, {
  complaints: new RegExp(`${failures.source}|thrown by the log`),
});

testInPage(
  "at debug the console has the same, with the time of day; at info nothing of it",
  async (page, said) => {
    const simulator = await Simulator.start();
    const ours = () => said.filter((line) => line.includes("gws-outbound: "));
    const session = await connect(page, { baseUrl: simulator.url, headers, logLevel: "info" });
    await use(session, simulator);
    assert.deepEqual(
      ours().filter((line) => /: (sent|received|POST|connected over)/.test(line)),
      [],
    );
    await session.evaluate(({ client }) => client.close());
    said.length = 0;
    const debug = await connect(page, { baseUrl: simulator.url, headers, logLevel: "debug" });
    assert.ok((await complete(debug, request)).value);
    await debug.evaluate(({ client }) => client.close());
    assert.ok(ours().length > 10, said.join("\n"));
    for (const line of ours()) {
      assert.match(line, /^\w+: gws-outbound: \d\d:\d\d:\d\d\.\d\d\d \S/);
    }
  },
  { complaints: failures, needs: lacking.workerConsole },
);

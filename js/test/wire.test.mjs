// What goes over the wire, as it arrives at the other end.

import assert from "node:assert/strict";
import { failures, lacking } from "./engine.mjs";
import { complete, connect, settle, site, stopClock, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { startTap } from "./tap.mjs";

const transports = ["websocket"]; // of two, the second is tried beside it after a second

/** The requests as lines, without preflights. */
const lines = (requests) =>
  requests.map(({ line }) => line).filter((line) => !line.startsWith("OPTIONS "));

testInPage("first the GET that signs in, then the WebSocket, then the POST", async (page) => {
  const simulator = await Simulator.start();
  const { url: baseUrl, requests } = await startTap(simulator.url);
  await stopClock(page);
  const session = await connect(page, { baseUrl, headers, transports });
  await complete(session, request);
  assert.deepEqual(lines(requests), [
    "GET /api/v2/me",
    "WebSocket /api/v2/notifications",
    "POST /api/v2/me/outbound-records/12",
  ]);
  const post = requests.find(({ line }) => line.startsWith("POST "));
  assert.match(post.headers["content-type"], /^application\/json\b/);
  assert.ok(post.headers["x-csrf-token"], "the CSRF token goes with the POST");
  const [{ csrfToken }] = await simulator.posts();
  assert.equal(post.headers["x-csrf-token"], csrfToken);
});

testInPage(
  "while the WebSocket is opened, the handshake goes over long-polling, and nothing else does",
  async (page) => {
    const simulator = await Simulator.start();
    const { url: baseUrl, requests } = await startTap(simulator.url);
    await stopClock(page);
    const session = await connect(page, { baseUrl, headers, worker: false }); // which dials nothing ahead
    await complete(session, request);
    const [first, ...rest] = lines(requests);
    assert.equal(first, "GET /api/v2/me");
    assert.deepEqual(rest.sort(), [
      "POST /api/v2/me/outbound-records/12",
      "POST /api/v2/notifications",
      "WebSocket /api/v2/notifications",
    ]);
    assert.equal(await session.evaluate(({ client }) => client.transport), "websocket");
  },
);

testInPage(
  "a refused CSRF token is fetched again, and the POST sent once more",
  async (page) => {
    const simulator = await Simulator.start();
    const { url: baseUrl, requests } = await startTap(simulator.url);
    const session = await connect(page, { baseUrl, headers, transports });
    await simulator.set({ rejectCSRF: 1 });
    requests.length = 0;
    assert.ok((await complete(session, request)).value);
    assert.deepEqual(lines(requests), [
      "POST /api/v2/me/outbound-records/12",
      "GET /api/v2/me",
      "POST /api/v2/me/outbound-records/12",
    ]);
  },
  { complaints: /403/ },
);

testInPage(
  "a POST that failed is never repeated",
  async (page) => {
    const simulator = await Simulator.start();
    const { url: baseUrl, requests } = await startTap(simulator.url);
    const session = await connect(page, { baseUrl, headers, transports });
    await simulator.set({ postStatus: 503 });
    requests.length = 0;
    // The POST must have left by then, also on a busy machine.
    assert.ok((await complete(session, request, { ackTimeout: 5000 })).error);
    assert.deepEqual(lines(requests), ["POST /api/v2/me/outbound-records/12"]);
  },
  { complaints: /503/ },
);

testInPage(
  "credentials go to the base URL alone",
  async (page) => {
    const simulator = await Simulator.start();
    const log = [];
    page.on("request", (request) => log.push({ url: request.url(), headers: request.headers() }));
    const session = await connect(page, { baseUrl: simulator.url, headers });
    await complete(session, request);
    assert.ok(log.some(({ url }) => url.startsWith(site.url)));
    const withCredentials = log.filter(({ headers }) =>
      Object.keys(headers).some((name) => name.toLowerCase() === "authorization"),
    );
    assert.ok(withCredentials.length > 0);
    for (const { url } of withCredentials) {
      assert.equal(new URL(url).origin, simulator.url);
    }
    for (const { url } of log) {
      assert.doesNotMatch(url, /secret|YWdlbnQ6c2VjcmV0/);
    }
  },
  { needs: lacking.networkLog },
);

testInPage(
  "a redirect to another origin is not followed",
  async (page) => {
    const simulator = await Simulator.start();
    const other = await startTap(simulator.url);
    site.movedTo = `${other.url}/api/v2/me`;
    const { error } = await settle(page, "createClient", {
      baseUrl: `${site.url}/moved`,
      headers,
      connectTimeout: 10_000,
    });
    assert.equal(error.delivery, "not-sent");
    assert.match(error.message, /redirect/i);
    assert.deepEqual(other.requests, []);
  },
  { complaints: new RegExp(`${failures.source}|forbids`) },
);

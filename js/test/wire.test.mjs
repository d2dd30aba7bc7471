// What goes over the wire, as the browser's own network log has it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { complete, connect, settle, site, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

/** Notes every request and WebSocket of the page and its Workers from now on, in order. */
async function watch(page) {
  const log = [];
  const note = (network) => {
    network.on("Network.requestWillBeSent", ({ request }) =>
      log.push({ method: request.method, url: request.url, headers: lower(request.headers) }),
    );
    network.on("Network.webSocketCreated", ({ url }) => log.push({ method: "WebSocket", url }));
    return network.send("Network.enable");
  };
  page.on("workercreated", ({ client }) => note(client));
  await Promise.all(page.workers().map(({ client }) => note(client)));
  await note(await page.createCDPSession());
  return log;
}

const lower = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** The log of one origin as lines, without preflights. */
const lines = (log, origin) =>
  log
    .filter(({ url, method }) => new URL(url).host === new URL(origin).host && method !== "OPTIONS")
    .map(({ method, url }) => `${method} ${new URL(url).pathname}`);

testInPage("first the GET that signs in, then the WebSocket, then the POST", async (page) => {
  const simulator = await Simulator.start();
  const log = await watch(page);
  const session = await connect(page, { baseUrl: simulator.url, headers });
  await complete(session, request);
  assert.deepEqual(lines(log, simulator.url), [
    "GET /api/v2/me",
    "WebSocket /api/v2/notifications",
    "POST /api/v2/me/outbound-records/12",
  ]);
  const post = log.find(({ method }) => method === "POST");
  assert.match(post.headers["content-type"], /^application\/json\b/);
  assert.ok(post.headers["x-csrf-token"], "the CSRF token goes with the POST");
  const [{ csrfToken }] = await simulator.posts();
  assert.equal(post.headers["x-csrf-token"], csrfToken);
});

testInPage(
  "a refused CSRF token is fetched again, and the POST sent once more",
  async (page) => {
    const simulator = await Simulator.start();
    const session = await connect(page, { baseUrl: simulator.url, headers });
    await simulator.set({ rejectCSRF: 1 });
    const log = await watch(page);
    assert.ok((await complete(session, request)).value);
    assert.deepEqual(lines(log, simulator.url), [
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
    const session = await connect(page, { baseUrl: simulator.url, headers });
    await simulator.set({ postStatus: 503 });
    const log = await watch(page);
    assert.ok((await complete(session, request, { ackTimeout: 1000 })).error);
    assert.deepEqual(lines(log, simulator.url), ["POST /api/v2/me/outbound-records/12"]);
  },
  { complaints: /503/ },
);

testInPage("credentials go to the base URL alone", async (page) => {
  const simulator = await Simulator.start();
  const log = await watch(page);
  const session = await connect(page, { baseUrl: simulator.url, headers });
  await complete(session, request);
  const withCredentials = log.filter(({ headers }) => headers?.authorization);
  assert.ok(withCredentials.length > 0);
  for (const { url } of withCredentials) {
    assert.equal(new URL(url).origin, simulator.url);
  }
  for (const { url } of log) {
    assert.doesNotMatch(url, /secret|YWdlbnQ6c2VjcmV0/);
  }
});

testInPage(
  "a redirect to another origin is not followed",
  async (page) => {
    const asked = [];
    const other = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end();
    });
    await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
    site.movedTo = `http://127.0.0.1:${other.address().port}/api/v2/me`;
    const { error } = await settle(page, "createClient", {
      baseUrl: `${site.url}/moved`,
      headers,
      connectTimeout: 2000,
    });
    assert.equal(error.delivery, "not-sent");
    assert.match(error.message, /redirect/i);
    assert.deepEqual(asked, []);
    other.close();
  },
  { complaints: /Failed to load|CORS|forbids/ },
);

// What keeps a page from its server is told apart, and at once where waiting does not help.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after } from "node:test";
import { failures } from "./engine.mjs";
import { connect, host, settle, site, testInPage } from "./in-browser.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { dist, unusedOrigin } from "./site.mjs";

/** What browsers say themselves of these; WebKit has its own words for each. */
const complaints = new RegExp(
  `${failures.source}|connect-src|Content.Security.Policy|Origin .* is not allowed|access control checks|CORS|Could not connect|Cookie .* rejected`,
);
const provoked = { complaints };

/** Serves answers to `respond`, at an origin of its own. */
async function serve(respond) {
  const server = createServer(respond).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

const me = JSON.stringify({ statusCode: 0, user: { id: 1, userName: "agent" } });

/** Without what the browser asks for, with `*`, and without the page's own header. */
const origins = {
  "no CORS headers": await serve((_, response) => response.end(me)),
  "any origin, though cookies go along": await serve((_, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.end(me);
  }),
  "a header that is not allowed": await serve(({ headers: { origin } }, response) => {
    response.setHeader("Access-Control-Allow-Origin", origin ?? "");
    response.setHeader("Access-Control-Allow-Credentials", "true");
    response.end(me);
  }),
};
for (const [name, baseUrl] of Object.entries(origins)) {
  testInPage(
    `the server's CORS headers are named: ${name}`,
    async (page) => {
      const began = performance.now();
      const { error } = await settle(page, "createClient", {
        baseUrl,
        headers,
        connectTimeout: 30_000,
      });
      assert.ok(performance.now() - began < 20_000, "there is no use in waiting");
      assert.equal(error.code, "CONNECT_FAILED");
      assert.equal(error.delivery, "not-sent");
      assert.match(error.message, /answers, and does not let this page read it \(CORS\)/);
      assert.ok(error.message.includes(`requests from ${site.url} `), error.message);
      assert.doesNotMatch(error.message, /YWdlbnQ/);
    },
    provoked,
  );
}

/** Lets any page read what it answers. */
function allow({ headers: { origin } }, response) {
  response.setHeader("Access-Control-Allow-Origin", origin ?? "");
  response.setHeader("Access-Control-Allow-Credentials", "true");
}

testInPage(
  "an answer that is cut off is named, and CORS is not",
  async (page) => {
    let asked = 0;
    const baseUrl = await serve((request, response) => {
      asked++;
      allow(request, response);
      response.setHeader("Content-Length", me.length + 1);
      response.write(me, () => response.destroy());
    });
    const { error } = await settle(page, "createClient", { baseUrl, connectTimeout: 5000 });
    assert.equal(error.code, "CONNECT_FAILED");
    assert.match(
      error.message,
      /GET \S+: the response was cut off: .*Content-Length.*\(errors\.md#cut-off\)$/,
    );
    assert.ok(asked > 2, "it may pass");
  },
  provoked,
);

testInPage("a server that answers any path with its page is no GWS", async (page) => {
  const baseUrl = await serve((request, response) => {
    allow(request, response);
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>app</title>");
  });
  const { error } = await settle(page, "createClient", { baseUrl });
  assert.equal(error.code, "HTTP_ERROR", error.message);
  assert.match(
    error.message,
    /HTTP 200: HTML in place of JSON, .*; GWS was looked for at .*, which is baseUrl, .*#not-gws\)$/,
  );
});

testInPage(
  "that nothing answers is said, in the log at once",
  async (page, said) => {
    const baseUrl = await unusedOrigin();
    const options = { baseUrl, connectTimeout: 3000, worker: false }; // WebKit's driver hears no Worker
    const { error } = await settle(page, "createClient", options);
    assert.equal(error.code, "CONNECT_FAILED");
    assert.ok(error.message.includes(`nothing answers at ${baseUrl}`), error.message);
    const warnings = said.filter((line) => /^warn.*nothing answers.*connectTimeout/.test(line));
    assert.equal(warnings.length, 1, said.join("\n"));
  },
  provoked,
);

testInPage(
  "the page's Content-Security-Policy is named, at once",
  async (page) => {
    const simulator = await Simulator.start();
    const baseUrl = simulator.url.replace("127.0.0.1", "localhost");
    const { error } = await settle(page, "createClient", {
      baseUrl,
      headers,
      connectTimeout: 30_000,
    });
    assert.equal(error.code, "CONNECT_FAILED");
    const both = `connect-src must have ${baseUrl} and ${baseUrl.replace("http", "ws")} `;
    assert.ok(error.message.includes(both), error.message);
  },
  { complaints, needs: { webkit: "it tells a Worker nothing of what its policy forbids" } },
);

const inWorker = host === "worker" ? testInPage : () => {};
inWorker(
  "the policy that worker.js has is named, at once, where the page has none",
  async (page) => {
    const simulator = await Simulator.start();
    const baseUrl = simulator.url.replace("127.0.0.1", "localhost");
    const options = { baseUrl, headers, connectTimeout: 600_000 };
    const { error } = await settle(page, "createClient", options);
    assert.equal(error.code, "CONNECT_FAILED");
    assert.ok(error.message.includes(`connect-src must have ${baseUrl} and `), error.message);
  },
  {
    complaints,
    path: "/no-policy",
    needs: { webkit: "it tells a Worker nothing of what its policy forbids" },
  },
);

/** Connects where the policy forbids the WebSocket alone, and says how often that was named. */
async function withoutSockets(page, said, options) {
  const simulator = await Simulator.start();
  const session = await connect(page, { baseUrl: simulator.url, headers, ...options });
  assert.equal(await session.evaluate(({ client }) => client.transport), "long-polling");
  const remedy = `connect-src must have ${simulator.url.replace("http", "ws")} `;
  return said.filter((line) => line.startsWith("warn") && line.includes(remedy)).length;
}

testInPage(
  "a policy that forbids the WebSocket alone is named, and long-polling used",
  async (page, said) => {
    assert.equal(await withoutSockets(page, said, { worker: false }), 1, said.join("\n"));
  },
  { complaints, path: "/no-sockets" },
);

testInPage(
  "a policy that forbids the WebSocket alone is named, at once, where there is no other transport",
  async (page) => {
    const simulator = await Simulator.start();
    const { error } = await settle(page, "createClient", {
      baseUrl: simulator.url,
      headers,
      worker: false,
      transports: ["websocket"],
      connectTimeout: 600_000,
    });
    assert.equal(error.code, "CONNECT_FAILED");
    const ws = simulator.url.replace("http", "ws");
    assert.ok(error.message.includes(` ${ws} (errors.md#connect-src)`), error.message);
  },
  { complaints, path: "/no-sockets" },
);

testInPage(
  "a WebSocket that is given up since the policy was said to forbid it is closed",
  async (page) => {
    const simulator = await Simulator.start();
    await page.evaluate(
      (origin) => {
        globalThis.sockets = [];
        globalThis.WebSocket = class extends WebSocket {
          constructor(...args) {
            super(...args);
            sockets.push(this);
            const report = new Event("securitypolicyviolation");
            Object.assign(report, {
              blockedURI: origin,
              disposition: "enforce",
              effectiveDirective: "connect-src",
            });
            queueMicrotask(() => dispatchEvent(report)); // before it can be open
          }
        };
      },
      simulator.url.replace("http", "ws"),
    );
    const session = await connect(page, { baseUrl: simulator.url, headers, worker: false });
    assert.equal(await session.evaluate(({ client }) => client.transport), "long-polling");
    const closed = await page.evaluate(async () => {
      for (const socket of sockets) {
        if (socket.readyState !== WebSocket.CLOSED) {
          await new Promise((resolve) => socket.addEventListener("close", resolve));
        }
      }
      return sockets.length;
    });
    assert.equal(closed, 1);
  },
  { complaints },
);

inWorker(
  "a Worker's policy that forbids the WebSocket alone is named, where the module comes late",
  async (page, said) => {
    site.files.set("/forbidden.js", {
      body: `addEventListener("securitypolicyviolation", () => {
        new BroadcastChannel("forbidden").postMessage("");
      });
      import "/dist/worker.js";`,
      headers: { "Content-Security-Policy": "connect-src 'self' http://127.0.0.1:*" },
    });
    const forbidden = page.evaluate(
      () =>
        new Promise((resolve) => {
          new BroadcastChannel("forbidden").onmessage = () => resolve();
        }),
    );
    site.files.set("/late.wasm", {
      body: await readFile(new URL("outbound.wasm", dist)),
      until: forbidden,
    });
    const files = { workerUrl: "/forbidden.js", wasmUrl: "/late.wasm" };
    assert.equal(await withoutSockets(page, said, files), 1, said.join("\n"));
  },
  { complaints, needs: { webkit: "it tells a Worker nothing of what its policy forbids" } },
);

testInPage(
  "mixed content is named, and nothing is sent",
  async (page) => {
    await page.setRequestInterception(true);
    const asked = [];
    page.on("request", async (request) => {
      const { hostname, pathname } = new URL(request.url());
      asked.push(hostname);
      if (hostname !== "desktop.example") {
        await request.abort();
        return;
      }
      const [file, contentType] = pathname.startsWith("/dist/")
        ? [
            new URL(pathname.slice("/dist/".length), dist),
            pathname.endsWith(".wasm") ? "application/wasm" : "text/javascript",
          ]
        : [undefined, "text/html"];
      await request.respond({ contentType, body: file ? await readFile(file) : "<!doctype html>" });
    });
    await page.goto("https://desktop.example/");
    const error = await page.evaluate(async () => {
      const { createClient } = await import("/dist/index.js");
      const options = { baseUrl: "http://gws.example", worker: false, connectTimeout: 30_000 };
      return createClient(options).then(String, ({ code, message }) => ({ code, message }));
    });
    assert.equal(error.code, "CONNECT_FAILED");
    assert.match(
      error.message,
      /may not ask http:\/\/gws\.example over http: baseUrl must be https/,
    );
    assert.ok(asked.length > 0 && !asked.includes("gws.example"), asked.join());
  },
  {
    complaints: failures,
    needs: {
      firefox: "its driver cannot answer for another host",
      webkit: "its driver cannot answer for another host",
    },
  },
);

testInPage(
  "a wrong cometdPath is named",
  async (page) => {
    const simulator = await Simulator.start();
    const options = {
      baseUrl: simulator.url,
      headers,
      cometdPath: "/nowhere",
      connectTimeout: 600_000, // it is said at once
    };
    const { error } = await settle(page, "createClient", options);
    assert.equal(error.code, "CONNECT_FAILED");
    assert.match(
      error.message,
      /GET \/api\/v2\/me was answered, CometD at "\/nowhere" was not: look at cometdPath/,
    );
  },
  provoked,
);

testInPage(
  "a server that is no GWS is named",
  async (page) => {
    const baseUrl = await serve((request, response) => {
      allow(request, response);
      response.statusCode = 404;
      response.end("not found");
    });
    const { error } = await settle(page, "createClient", { baseUrl });
    assert.equal(error.code, "HTTP_ERROR", error.message);
    assert.ok(error.message.includes(`GWS was looked for at ${baseUrl}, which is`), error.message);
    assert.match(error.message, /\(errors\.md#not-gws\)$/);
  },
  provoked,
);

testInPage(
  "a page at 127.0.0.1 whose baseUrl is at localhost is told that these are two sites",
  async (page) => {
    const simulator = await Simulator.start();
    await page.goto(new URL("/no-policy", site.url).href);
    const { error } = await settle(page, "createClient", {
      baseUrl: simulator.url.replace("127.0.0.1", "localhost"),
      headers,
      transports: ["long-polling"],
      worker: false,
      connectTimeout: 5000,
    });
    assert.equal(error.code, "CONNECT_FAILED");
    assert.match(
      error.message,
      /the page is at 127\.0\.0\.1, .* \(errors\.md#forgotten-session\)$/,
    );
  },
  provoked,
);

testInPage(
  "a base URL that has the API's path already is named",
  async (page) => {
    const simulator = await Simulator.start();
    const options = { baseUrl: `${simulator.url}/api/v2`, headers };
    const { error } = await settle(page, "createClient", options);
    assert.match(
      error.message,
      /baseUrl ends in \/api\/v2, which is put behind it in any case: leave it out/,
    );
  },
  provoked,
);

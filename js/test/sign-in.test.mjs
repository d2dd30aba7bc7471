// The page asks who is signed in while the module is still loading, and dials the WebSocket then.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after } from "node:test";
import { failures } from "./engine.mjs";
import { host, site, stopClock, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { Simulator } from "./simulator.mjs";
import { dist, startSite } from "./site.mjs";

const cdn = await startSite({ shared: true });
after(() => cdn.close());

const module = await readFile(new URL("outbound.wasm", dist));
const authorization = `Basic ${btoa("agent:secret")}`;

const asked = async (simulator) =>
  (await simulator.call("requests")).filter(({ path }) => path === "/api/v2/me").length;

const dialled = async (simulator) =>
  (await simulator.call("requests")).filter(
    ({ method, path }) => method === "GET" && path === "/api/v2/notifications",
  ).length;

/** Serves the module once `ready` fulfils. */
async function serveModule(ready) {
  const server = createServer(async (_, response) => {
    await ready();
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Content-Type", "application/wasm");
    response.end(module);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/outbound.wasm`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Creates a client, whose headers are of that kind, and completes a record. */
const complete = (page, options, kind = "an object") =>
  page.evaluate(
    async (options, authorization, kind, request) => {
      const { createClient } = await import("/dist/index.js");
      let times = 0;
      const headers = {
        "an object": { authorization },
        "an iterator, which gives its pairs once": new Headers({ authorization }).entries(),
        "a function": () => {
          times++;
          return { authorization };
        },
      };
      const client = await createClient({ ...options, headers: headers[kind] });
      const { notificationType } = await client.completeRecord(request);
      await client.close();
      return { notificationType, times };
    },
    options,
    authorization,
    kind,
    request,
  );

for (const kind of ["an object", "an iterator, which gives its pairs once", "a function"])
  testInPage(
    `the module comes once the server was asked, and does not ask again (headers are ${kind})`,
    async (page) => {
      const simulator = await Simulator.start();
      await stopClock(page);
      const server = await serveModule(async () => {
        while ((await asked(simulator)) === 0);
      });
      try {
        const options = {
          baseUrl: `${simulator.url}/`,
          wasmUrl: server.url,
          transports: ["websocket"], // whose only POST is the call's
        };
        assert.deepEqual(await complete(page, options, kind), {
          notificationType: "RecordProcessedAcknowledge",
          times: kind === "a function" ? 1 : 0,
        });
        assert.equal(await asked(simulator), 1);
        const posts = (await simulator.call("requests")).filter(({ method }) => method === "POST");
        assert.deepEqual(
          posts.map((post) => post.authorization),
          [authorization],
        );
      } finally {
        server.close();
      }
    },
  );

const inWorker = host === "worker" ? testInPage : () => {};

inWorker("the socket that is dialled before the module is there is used", async (page) => {
  const simulator = await Simulator.start();
  await stopClock(page);
  const server = await serveModule(async () => {
    while ((await dialled(simulator)) === 0);
  });
  try {
    const options = { baseUrl: `${simulator.url}/`, wasmUrl: server.url };
    const { notificationType } = await complete(page, options);
    assert.equal(notificationType, "RecordProcessedAcknowledge");
    assert.equal(await dialled(simulator), 1);
    const paths = (await simulator.call("requests")).map(({ path }) => path);
    assert.ok(paths.indexOf("/api/v2/me") < paths.indexOf("/api/v2/notifications"));
  } finally {
    server.close();
  }
});

inWorker(
  "a socket that was refused before the module is there is not dialled again",
  async (page) => {
    const simulator = await Simulator.start({ noWebSocket: true });
    await stopClock(page);
    const server = await serveModule(async () => {
      while ((await dialled(simulator)) === 0);
    });
    try {
      const { notificationType } = await complete(page, {
        baseUrl: simulator.url,
        wasmUrl: server.url,
      });
      assert.equal(notificationType, "RecordProcessedAcknowledge");
      assert.equal(await dialled(simulator), 1);
    } finally {
      server.close();
    }
  },
  { complaints: failures },
);

testInPage("no socket is dialled ahead where long-polling comes first", async (page) => {
  const simulator = await Simulator.start();
  const server = await serveModule(async () => {
    while ((await asked(simulator)) === 0);
  });
  try {
    const options = { baseUrl: simulator.url, wasmUrl: server.url };
    await complete(page, { ...options, transports: ["long-polling"] });
    await page.reload();
    await complete(page, { ...options, transports: ["long-polling", "websocket"] });
    assert.equal(await dialled(simulator), 0);
  } finally {
    server.close();
  }
});

inWorker("a socket that is dialled for a module that does not come is closed", async (page) => {
  const simulator = await Simulator.start();
  const watch = `globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      const closed = ({ code }) => new BroadcastChannel("closed").postMessage({ url, code });
      this.addEventListener("close", closed);
    }
  };`;
  site.files.set("/watch.js", watch);
  site.files.set("/watched.js", 'import "/watch.js"; import "/dist/worker.js";');
  const closed = await page.evaluate(
    async (baseUrl, headers) => {
      const { createClient } = await import("/dist/index.js");
      const end = new Promise((resolve) => {
        new BroadcastChannel("closed").onmessage = ({ data }) => resolve(data);
      });
      const controller = new AbortController();
      const { signal } = controller;
      const files = { workerUrl: "/watched.js", wasmUrl: "/never.wasm" };
      const client = createClient({ baseUrl, headers, signal, ...files }).catch(({ code }) => code);
      const { url, code } = await end;
      controller.abort();
      return { url, code, client: await client };
    },
    simulator.url,
    { authorization },
  );
  assert.deepEqual(closed, {
    url: `${simulator.url.replace("http", "ws")}/api/v2/notifications`,
    code: 1005,
    client: "ABORTED",
  });
});

testInPage("what a page has put on every object is no header field", async (page) => {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.headers);
    response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "");
    response.setHeader("Access-Control-Allow-Credentials", "true");
    response.setHeader("Access-Control-Allow-Headers", "surprise");
    response.end('{"statusCode":1}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await page.evaluate(async (baseUrl) => {
      const { createClient } = await import("/dist/index.js");
      Object.prototype.surprise = "inherited";
      for (const headers of [undefined, () => null]) {
        await createClient({ baseUrl, headers }).catch(() => {});
      }
    }, `http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  assert.ok(asked.length >= 2);
  for (const headers of asked) {
    assert.equal(headers.surprise, undefined);
    assert.equal(headers["access-control-request-headers"], undefined);
  }
});

testInPage("an answer that has become old is not used", async (page) => {
  const simulator = await Simulator.start();
  await page.evaluate(() => {
    const { fetch } = globalThis;
    globalThis.answered = new Promise((resolve) => {
      globalThis.fetch = async (...given) => {
        const response = await fetch(...given);
        resolve(); // at first that of who is signed in, since the module waits
        return response;
      };
    });
  });
  const server = await serveModule(() =>
    page.evaluate(async () => {
      await globalThis.answered;
      await new Promise((resolve) => setTimeout(resolve, 3500)); // time itself is what is tested
    }),
  );
  try {
    const options = { baseUrl: simulator.url, wasmUrl: server.url, transports: ["websocket"] };
    await complete(page, options);
    assert.equal(await asked(simulator), 2);
    // The socket of before is not used, either.
    assert.equal(await dialled(simulator), host === "worker" ? 2 : 1);
  } finally {
    server.close();
  }
});

testInPage(
  "the browser connects to the server ahead, and nothing of that stays in the page",
  async (page) => {
    const links = await page.evaluate(async () => {
      const { createClient } = await import("/dist/index.js");
      const seen = [];
      const observer = new MutationObserver((records) => {
        for (const { addedNodes } of records) {
          for (const { rel, href, crossOrigin } of addedNodes)
            seen.push({ rel, href, crossOrigin });
        }
      });
      observer.observe(document.documentElement, { childList: true, subtree: true });
      const before = document.head.childElementCount;
      const cases = [
        { baseUrl: "https://user:secret@gws.example/prefix" },
        { baseUrl: "https://gws.example", credentials: "omit" },
        { credentials: "same-origin" },
        { baseUrl: "ws://gws.example" },
        { baseUrl: 7 },
      ];
      const told = [];
      for (const options of cases) {
        const signal = AbortSignal.abort();
        await createClient({ ...options, signal }).catch(() => {});
        observer.takeRecords().forEach(({ addedNodes }) => {
          for (const { rel, href, crossOrigin } of addedNodes)
            seen.push({ rel, href, crossOrigin });
        });
        told.push(
          seen.splice(0).map(({ rel, href, crossOrigin }) => `${rel} ${href} ${crossOrigin}`),
        );
      }
      return { told, left: document.head.childElementCount - before, origin: location.origin };
    });
    const to = (origin, mode) => `preconnect ${origin}/ ${mode}`;
    assert.deepEqual(links.told, [
      [to("https://gws.example", "use-credentials"), to("https://gws.example", "anonymous")],
      [to("https://gws.example", "anonymous")],
      [to(links.origin, "use-credentials")],
      [],
      [],
    ]);
    assert.equal(links.left, 0);
  },
);

testInPage(
  "without baseUrl, a frame by srcdoc asks its parent's origin, and a sandboxed one has none",
  async (page) => {
    const simulator = await Simulator.start();
    await page.goto(new URL("/no-such-page", simulator.url).href);
    const cameIn = (sandbox) =>
      page.evaluate(
        async (sandbox, from, headers, request) => {
          const script = `
          import { createClient } from "${from}";
          const options = { headers: ${JSON.stringify(headers)}, worker: false };
          createClient(options)
            .then((client) => client.completeRecord(${JSON.stringify(request)}))
            .then(({ notificationType }) => notificationType, ({ message }) => message)
            .then((came) => parent.postMessage(came, "*"));`;
          const heard = new Promise((resolve) => {
            addEventListener("message", ({ data }) => resolve(data), { once: true });
          });
          const frame = document.createElement("iframe");
          frame.setAttribute("sandbox", sandbox);
          frame.srcdoc = `<script type="module">${script}</script>`;
          document.body.append(frame);
          return heard;
        },
        sandbox,
        `${cdn.url}/dist/index.js`,
        { authorization },
        request,
      );
    const ofTheParent = await cameIn("allow-scripts allow-same-origin");
    assert.equal(ofTheParent, "RecordProcessedAcknowledge");
    const before = await asked(simulator);
    const ofNobody = await cameIn("allow-scripts");
    assert.match(ofNobody, /baseUrl: must be given: this page has no origin of its own/);
    assert.equal(await asked(simulator), before);
  },
  { complaints: /404/ },
);

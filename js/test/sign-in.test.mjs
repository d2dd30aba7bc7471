// The page asks who is signed in while the module is still loading.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { Simulator } from "./simulator.mjs";
import { dist } from "./site.mjs";

const module = await readFile(new URL("outbound.wasm", dist));
const authorization = `Basic ${btoa("agent:secret")}`;

const asked = async (simulator) =>
  (await simulator.call("requests")).filter(({ path }) => path === "/api/v2/me").length;

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

/** Creates a client, whose headers are a function or not, and completes a record. */
const complete = (page, options, dynamic) =>
  page.evaluate(
    async (options, authorization, dynamic, request) => {
      const { createClient } = await import("/dist/index.js");
      let times = 0;
      const headers = () => {
        times++;
        return { authorization };
      };
      const client = await createClient({
        ...options,
        headers: dynamic ? headers : { authorization },
      });
      const { notificationType } = await client.completeRecord(request);
      await client.close();
      return { notificationType, times };
    },
    options,
    authorization,
    dynamic,
    request,
  );

for (const dynamic of [false, true])
  testInPage(
    `the module comes once the server was asked, and does not ask again (headers are a function: ${dynamic})`,
    async (page) => {
      const simulator = await Simulator.start();
      const server = await serveModule(async () => {
        while ((await asked(simulator)) === 0);
      });
      try {
        const options = { baseUrl: `${simulator.url}/`, wasmUrl: server.url };
        assert.deepEqual(await complete(page, options, dynamic), {
          notificationType: "RecordProcessedAcknowledge",
          times: dynamic ? 1 : 0,
        });
        assert.equal(await asked(simulator), 1);
      } finally {
        server.close();
      }
    },
  );

testInPage("an answer that has become old is not used", async (page) => {
  const simulator = await Simulator.start();
  let answered;
  const server = await serveModule(async () => {
    while ((await asked(simulator)) === 0);
    answered ??= Date.now();
    // Time itself is what is tested.
    await new Promise((resolve) => setTimeout(resolve, answered + 3500 - Date.now()));
  });
  try {
    await complete(page, { baseUrl: simulator.url, wasmUrl: server.url }, false);
    assert.equal(await asked(simulator), 2);
  } finally {
    server.close();
  }
});

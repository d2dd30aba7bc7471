// What a page remembers of the transport for the next one.

import assert from "node:assert/strict";
import { failures } from "./engine.mjs";
import { complete, connect, host, settle, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { unusedOrigin } from "./site.mjs";

function stored(page) {
  return page.evaluate(() => ({ ...sessionStorage }));
}

/** Runs in the page: keeps the message that goes to the Worker. */
function watchMessages() {
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message, ...rest) {
    const said = typeof message === "string" ? JSON.parse(message) : {};
    if (said.kind === "createClient") {
      globalThis.passed = said;
    }
    return postMessage.call(this, message, ...rest);
  };
}

testInPage(
  "the transport that works is remembered, and passed on by the next page",
  async (page) => {
    const simulator = await Simulator.start({ noWebSocket: true });
    const options = { baseUrl: simulator.url, headers };
    const key = `gws-outbound transport ${simulator.url}/api/v2/notifications`;
    await page.evaluate(watchMessages);
    await connect(page, options);
    assert.deepEqual(await stored(page), { [key]: "long-polling" });
    if (host === "worker") {
      assert.equal(await page.evaluate(() => globalThis.passed.firstTransport), undefined);
    }
    await page.reload();
    await page.evaluate(watchMessages);
    const session = await connect(page, options);
    if (host === "worker") {
      assert.equal(await page.evaluate(() => globalThis.passed.firstTransport), "long-polling");
    }
    assert.ok((await complete(session, request)).value);
  },
  { complaints: failures },
);

testInPage("another transport takes the place of what was remembered", async (page) => {
  const simulator = await Simulator.start();
  const key = `gws-outbound transport ${simulator.url}/other`;
  const options = { baseUrl: simulator.url, headers };
  await page.evaluate((key) => sessionStorage.setItem(key, "carrier-pigeon"), key);
  const cometdPath = "/api/v2/notifications";
  for (const transport of ["long-polling", "websocket"]) {
    const session = await connect(page, { ...options, cometdPath, transports: [transport] });
    assert.equal(
      (await stored(page))[`gws-outbound transport ${simulator.url}${cometdPath}`],
      transport,
    );
    await session.evaluate(({ client }) => client.close());
  }
  assert.equal((await stored(page))[key], "carrier-pigeon", "it is another endpoint's");
});

testInPage(
  "a server that cannot be reached is forgotten",
  async (page) => {
    const baseUrl = await unusedOrigin();
    await page.evaluate((baseUrl) => {
      sessionStorage.setItem(`gws-outbound transport ${baseUrl}/api/v2/notifications`, "websocket");
    }, baseUrl);
    const { error } = await settle(page, "createClient", { baseUrl, connectTimeout: 500 });
    assert.equal(error.code, "CONNECT_FAILED");
    assert.deepEqual(await stored(page), {});
  },
  { complaints: failures },
);

testInPage("a page whose storage throws, or holds nonsense, connects", async (page) => {
  const simulator = await Simulator.start();
  const options = { baseUrl: simulator.url, headers };
  await page.evaluate((url) => {
    sessionStorage.setItem(`gws-outbound transport ${url}/api/v2/notifications`, "carrier-pigeon");
  }, simulator.url);
  assert.ok((await complete(await connect(page, options), request)).value);
  await page.evaluate(() => {
    Object.defineProperty(globalThis, "sessionStorage", {
      get() {
        throw new DOMException("no", "SecurityError");
      },
    });
  });
  const again = { ...request, referenceId: "again" };
  assert.ok((await complete(await connect(page, options), again)).value);
});

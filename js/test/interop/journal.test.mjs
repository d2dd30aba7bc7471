// The option journal, against CometD on Jetty. It needs Java: `make interop-wasm`
// runs it, and not `make test-js`.

import assert from "node:assert/strict";
import { after } from "node:test";
import { complete, connect, site, testInPage } from "../in-browser.mjs";
import { InteropServer } from "../interop.mjs";
import {
  keptAsAccepted,
  locksAreFree,
  reload,
  settlesWith,
  stored,
  unsettled,
} from "../journal.mjs";
import { request } from "../sample.mjs";

const server = await InteropServer.start("cometd-9");
after(() => server.call("close"));
await server.call("set", { holdAck: true });

const elsewhere = new URL("/no-policy", site.url).href;
const strict = new URL("/strict", site.url).href;

for (const transport of ["websocket", "long-polling"]) {
  const options = { baseUrl: server.url, transports: [transport], journal: true };

  /** Has the server take a completion, and keep its acknowledgement. */
  async function accept(page, session, referenceId) {
    complete(session, { ...request, referenceId });
    await keptAsAccepted(page, referenceId);
  }

  testInPage(`a reload in the middle of a completion: ${transport}`, async (page) => {
    const referenceId = `reloaded over ${transport}`;
    await accept(page, await connect(page, options), referenceId);
    await reload(page);
    const session = await connect(page, options);
    assert.deepEqual(await unsettled(session), [`${referenceId} accepted`]);
    const settled = settlesWith(session, referenceId);
    await server.call("ack", { referenceId });
    const { value } = await settled;
    assert.equal(value.notificationType, "RecordProcessedAcknowledge");
    assert.equal(value.referenceId, referenceId);
    assert.deepEqual(await unsettled(session), []);
    await session.evaluate(({ client }) => client.close());
    assert.deepEqual(await stored(page), {});
  });

  testInPage(`an acknowledgement while no page is there: ${transport}`, async (page) => {
    const referenceId = `left over ${transport}`;
    await accept(page, await connect(page, options), referenceId);
    await page.goto(elsewhere);
    await server.call("ack", { referenceId });
    await page.goto(strict);
    await locksAreFree(page);
    const session = await connect(page, options);
    assert.deepEqual(await unsettled(session), [`${referenceId} accepted`]);
    assert.equal((await settlesWith(session, referenceId)).value.referenceId, referenceId);
  });
}

testInPage("a session that the server has forgotten", async (page) => {
  const options = { baseUrl: server.url, journal: true };
  let session = await connect(page, options);
  complete(session, { ...request, referenceId: "lost" });
  await keptAsAccepted(page, "lost");
  await page.goto(elsewhere);
  await server.call("expire");
  await server.call("ack", { referenceId: "lost" });
  await page.goto(strict);
  await locksAreFree(page);
  session = await connect(page, options);
  assert.deepEqual(await unsettled(session), ["lost accepted"], "it stays what it was");
  const again = complete(session, { ...request, referenceId: "next" });
  await keptAsAccepted(page, "next");
  await server.call("ack", { referenceId: "next" });
  assert.equal((await again).value.referenceId, "next");
  assert.deepEqual(await unsettled(session), ["lost accepted"]);
});

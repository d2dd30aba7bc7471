// The option cometd, against CometD on Jetty: the cometd.js of each line, with a server that serves it or a later one. It
// needs Java: `make interop-wasm` runs it, and not `make test-js`.

import assert from "node:assert/strict";
import { after } from "node:test";
import {
  adopt,
  completes,
  counts,
  desktopHears,
  errorOf,
  makeDesktop,
  renewed,
  stateOf,
} from "../cometd.mjs";
import { complete, testInPage } from "../in-browser.mjs";
import { InteropServer } from "../interop.mjs";
import { request } from "../sample.mjs";

const lines = {
  "cometd-9": { websocket: "cometd5", "long-polling": "cometd" },
  "cometd-8": { websocket: "cometd8", "long-polling": "cometd7" },
  "cometd-3.1": { websocket: "cometd4", "long-polling": "cometd31" },
};

for (const [kind, versions] of Object.entries(lines)) {
  const server = await InteropServer.start(kind, { oneHeld: true, timeoutMS: 1000 }); // cometd.js learns of a lost session by its next connect
  after(() => server.call("close"));

  for (const [transport, version] of Object.entries(versions)) {
    testInPage(`${kind}, ${version} over ${transport}`, async (page) => {
      await server.call("set", {});
      const desktop = await makeDesktop(page, server, { version, transport });
      await desktop.evaluate(({ connect }) => connect());
      const before = await counts(desktop);
      const session = await adopt(page, desktop, { baseUrl: server.url });
      assert.equal(await errorOf(session), undefined);
      assert.deepEqual(await stateOf(session), { state: "connected", transport, reason: null });
      await completes(session, `${version} ${transport} before`);
      await desktopHears(server, desktop);

      // The server loses the session while a call is pending.
      await server.call("set", { holdAck: true });
      const referenceId = `${version} ${transport} lost`;
      const settled = complete(session, { ...request, referenceId }, { ackTimeout: 8000 });
      while ((await server.call("held", { referenceId })).held === 0);
      await server.call("expire");
      await renewed(session);
      await server.call("set", {});
      await completes(session, `${version} ${transport} after`);
      await desktopHears(server, desktop);
      const { error } = await settled;
      assert.deepEqual([error?.code, error?.delivery], ["ACK_TIMEOUT", "accepted"]);
      assert.match(error.message, /the CometD session was lost meanwhile, and a new one/);

      const { sessions } = await server.call("sessions");
      assert.equal(sessions, 1);
      await session.evaluate(({ client }) => client.close());
      // The handshake has ended two subscriptions, and the desktop has made its own again.
      assert.equal(await counts(desktop), before + 2);
      await desktopHears(server, desktop);
      assert.equal((await server.call("sessions")).sessions, 1);
      await desktop.evaluate(({ cometd }) => new Promise((resolve) => cometd.disconnect(resolve)));
    });
  }
}

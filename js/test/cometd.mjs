// Pages with a cometd.js of their own, of each line of it, for the option cometd.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { complete, site } from "./in-browser.mjs";
import { request } from "./sample.mjs";

/** The packages: of 3.1.14, 4, 5, 7, 8 and 9. */
export const versions = ["cometd31", "cometd4", "cometd5", "cometd7", "cometd8", "cometd"];
const newest = "cometd";

for (const version of versions) {
  const extension =
    version === newest || version === "cometd8" ? version : `${version}/AckExtension.js`;
  const contents =
    extension === version
      ? `export { CometD, AckExtension } from "${version}";`
      : `import { CometD } from "${version}"; import AckExtension from "${extension}"; export { CometD, AckExtension };`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    format: "esm",
    write: false,
  });
  site.files.set(`/${version}.js`, outputFiles[0].text);
}
site.files.set("/in-cometd.js", new URL("in-cometd.js", import.meta.url));

/** A channel of the desktop's. */
export const own = "/v2/me/calls";

/** Makes the desktop in the page, for a simulator or an InteropServer: see in-cometd.js. */
export function makeDesktop(page, server, options) {
  return page.evaluateHandle(async (options) => (await import("/in-cometd.js")).desktop(options), {
    version: newest,
    baseUrl: server.url,
    channels: [own],
    ...options,
  });
}

/** Makes a client over the desktop's session: settles as `connect` does, or says what the error is. */
export function adopt(page, desktop, options) {
  return page.evaluateHandle(
    async (desktop, options) => {
      const [gws, inPage] = await Promise.all([import("/dist/index.js"), import("/in-page.js")]);
      const events = [];
      let client;
      const creating = gws.createClient({ ...options, cometd: desktop.cometd });
      const created = await inPage.outcome(
        creating.then((made) => {
          client = made;
        }),
        gws.OutboundError,
      );
      for (const name of ["statechange", "notification"]) {
        client?.addEventListener(name, ({ type, detail }) => events.push({ type, ...detail }));
      }
      return { ...inPage, ...gws, client, events, error: created.error };
    },
    desktop,
    { connectTimeout: 20_000, ...options },
  );
}

export const errorOf = (session) => session.evaluate(({ error }) => error);
export const stateOf = (session) =>
  session.evaluate(({ client: { state, transport, reason } }) => ({ state, transport, reason }));

/** Waits until the client is in that state. */
export async function becomes(session, state) {
  await session.evaluate(
    ({ client }, state) =>
      new Promise((resolve) => {
        const look = () => client.state === state && resolve();
        client.addEventListener("statechange", look);
        look();
      }),
    state,
  );
}

/** Waits until the session of before is lost, and there is another one. */
export async function renewed(session) {
  await session.evaluate(
    ({ client, events }) =>
      new Promise((resolve) => {
        const look = () => {
          const states = events.map(({ state }) => state);
          if (states.includes("reconnecting") && states.at(-1) === "connected") resolve();
        };
        client.addEventListener("statechange", look);
        look();
      }),
  );
}

/** Completes a record with that reference. */
export async function completes(session, referenceId) {
  const { value, error } = await complete(session, { ...request, referenceId });
  assert.equal(value?.referenceId, referenceId, error?.message);
}

/** Waits until that holds in the page. It is asked again and again, since WebKit's driver looks by itself only when the document changes. */
export async function until(handle, holds, ...args) {
  while (!(await handle.evaluate(holds, ...args))) {}
}

/** Has something published on the desktop's own channel, and waits until it has heard that. */
export async function desktopHears(server, desktop) {
  const before = await desktop.evaluate(({ heard }) => heard.length);
  await server.call("publish", { channel: own, data: "x" });
  await until(desktop, ({ heard }, n) => heard.length > n, before);
}

/** How many listeners and subscriptions the desktop's object has. */
export const counts = (desktop) => desktop.evaluate(({ open }) => open.size);

// Pages that have replaced what JavaScript has of its own: with Prototype.js, with methods on every object,
// with functions that do something else, before the package is loaded and after.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { host, site, testInPage } from "./in-browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const prototypeJs = await build({
  stdin: {
    contents: `import "prototype";`,
    resolveDir: fileURLToPath(new URL(".", import.meta.url)),
  },
  bundle: true,
  format: "iife",
  write: false,
});
site.files.set("/prototype.js", prototypeJs.outputFiles[0].text);

/** Runs in the page: makes a client, and uses of it what there is. */
async function use({ baseUrl, headers, request }) {
  const from = globalThis.gwsOutbound ?? (await import("/dist/index.js"));
  const channel = "/v2/me/calls";
  const client = await from.createClient({
    baseUrl,
    headers,
    transports: ["websocket", "long-polling"],
    channels: [channel],
  });
  const heard = [];
  client.addEventListener("notification", ({ detail }) => heard.push(detail.channel));
  const { referenceId } = await client.completeRecord(request);
  const same = await client.completeRecord({ ...request, referenceId: "given" });
  const fails = async (promise) => {
    try {
      await promise;
      return "resolved";
    } catch ({ name, code, delivery, problems }) {
      const fields = [];
      for (const { field } of problems ?? []) {
        fields.push(field);
      }
      return { name, code, delivery, fields };
    }
  };
  const wrong = await fails(
    client.completeRecord({ ...request, callingList: [], when: new Date() }),
  );
  const signal = AbortSignal.abort("no more");
  const aborted = await fails(client.completeRecord(request, { signal }));
  const list = await client.unsettled();
  await client.close();
  return {
    made: /^[0-9a-f-]{36}$/.test(referenceId),
    same,
    wrong,
    aborted,
    listed: list.length,
    state: client.state,
  };
}

const expected = {
  made: true,
  same: { ...acknowledgement, referenceId: "given" },
  wrong: {
    name: "OutboundError",
    code: "INVALID_REQUEST",
    delivery: "not-sent",
    fields: ["callingList", "when"],
  },
  aborted: { name: "AbortError", code: "ABORTED", delivery: "not-sent", fields: [] },
  listed: 0,
  state: "closed",
};

function assertUsed(outcome) {
  assert.deepEqual(outcome, expected);
}

/** What to replace, before the package is loaded and after. Each runs in the page. */
const replacements = {
  "every toJSON": () => {
    for (const { prototype } of [Array, Object, String, Number, Boolean, Date]) {
      Object.defineProperty(prototype, "toJSON", {
        value: () => "replaced",
        configurable: true,
        writable: true,
      });
    }
  },
  "what every object inherits": () => {
    Object.assign(Object.prototype, {
      each() {},
      cause: "inherited",
      reason: "inherited",
      transport: "inherited",
      referenceId: "inherited",
      signal: "inherited",
      fields: { inherited: true },
      once: true,
      method: "DELETE",
      body: "inherited",
    });
  },
  "frozen prototypes": () => {
    for (const { prototype } of [Object, Function, Array, Error, Promise, EventTarget, Map, Set]) {
      Object.freeze(prototype);
    }
  },
  "variables under names that the browser has": () => {
    Object.assign(globalThis, { performance: { of: "agents" }, origin: "https://desk.example" });
  },
  "methods of arrays and functions": () => {
    Array.from = () => [];
    Object.assign(Array.prototype, { entries: () => [], map: () => [], join: () => "replaced" });
    Object.entries = () => [];
    Object.fromEntries = () => ({});
    Object.values = () => [];
  },
};

/** Only once the package is there: it cannot know of others then. */
const replacedLater = {
  "JSON, fetch, Promise and timers": () => {
    const refuse = () => {
      throw new Error("replaced");
    };
    Object.assign(JSON, { parse: refuse, stringify: refuse });
    globalThis.fetch = async () => new Response("replaced", { status: 500 });
    Promise.prototype.finally = refuse;
    Promise.race = refuse;
  },
  "classes that pages have under the same names": () => {
    for (const name of [
      "Map",
      "Set",
      "Headers",
      "AbortController",
      "CustomEvent",
      "MessageChannel",
      "URL",
    ]) {
      globalThis[name] = class {};
    }
  },
};

/** In WebKitGTK, what drives the page runs in it, with what the page has replaced. */
const needs = { webkit: "its driver uses what the page has replaced" };

testInPage(
  "Prototype.js, loaded before",
  async (page) => {
    const simulator = await Simulator.start();
    await page.addScriptTag({ url: "/prototype.js" });
    assert.equal(await page.evaluate(() => Array.from([1], (n) => n + 1)[0]), 1, "it is there");
    assertUsed(await page.evaluate(use, { baseUrl: simulator.url, headers, request }));
  },
  { needs },
);

testInPage(
  "Prototype.js, loaded after",
  async (page) => {
    const simulator = await Simulator.start();
    await page.evaluate(() => import("/dist/index.js"));
    await page.addScriptTag({ url: "/prototype.js" });
    assertUsed(await page.evaluate(use, { baseUrl: simulator.url, headers, request }));
  },
  { needs },
);

for (const [what, replace] of Object.entries(replacements)) {
  for (const when of ["before", "after"]) {
    testInPage(
      `${what}, ${when} the package is loaded`,
      async (page) => {
        const simulator = await Simulator.start();
        if (when === "after") {
          await page.evaluate(() => import("/dist/index.js").then(() => {}));
        }
        await page.evaluate(replace);
        assertUsed(await usedBy(page, simulator));
      },
      { needs },
    );
  }
}

for (const [what, replace] of Object.entries(replacedLater)) {
  testInPage(
    `${what}, after the package is loaded`,
    async (page) => {
      const simulator = await Simulator.start();
      await page.evaluate(() => import("/dist/index.js").then(({ load }) => load()));
      await page.evaluate(replace);
      assertUsed(await usedBy(page, simulator));
    },
    { needs },
  );
}

testInPage(
  "a variable named URL before the package is loaded is named, and not taken for something else",
  async (page) => {
    const error = await page.evaluate(async () => {
      const { URL } = globalThis;
      globalThis.URL = "/desk/";
      const { createClient } = await import("/dist/index.js");
      try {
        return await createClient().then(String, ({ code, message }) => ({ code, message }));
      } finally {
        globalThis.URL = URL;
      }
    });
    assert.equal(error.code, "LOAD_FAILED");
    assert.match(error.message, /the page has a variable named URL: load the package before/);
  },
  { needs },
);

if (host === "worker") {
  testInPage(
    "started bare, beside Prototype.js, with a toJSON of arrays and frozen errors",
    async (page) => {
      const simulator = await Simulator.start();
      await page.addScriptTag({ url: "/prototype.js" });
      await page.evaluate(replacements["every toJSON"]);
      await page.evaluate(async () => {
        Object.freeze(Error.prototype);
        const go = new globalThis.Go();
        const module = fetch("/dist/outbound.wasm");
        go.run((await WebAssembly.instantiateStreaming(module, go.importObject)).instance);
      });
      assertUsed(await usedBy(page, simulator));
    },
    { path: "/bare", needs },
  );
}

/** What `use` comes to, as text that the page writes itself: what a driver sends goes through toJSON. */
async function usedBy(page, simulator) {
  const given = { baseUrl: simulator.url, headers, request };
  const text = await page.evaluate(
    `(${use})(${JSON.stringify(given)}).then((outcome) => {
      const write = (v) => typeof v === "string" ? '"' + v + '"' : typeof v !== "object" || v === null ? String(v ?? null)
        : Array.isArray(v) ? "[" + v.reduce((t, e) => t + (t && ",") + write(e), "") + "]"
        : "{" + Object.keys(v).reduce((t, k) => t + (t && ",") + '"' + k + '":' + write(v[k]), "") + "}";
      return write(outcome);
    })`,
  );
  return JSON.parse(text);
}

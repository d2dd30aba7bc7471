// The package as it is published, and apps that were built with it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bundlers, makeApp, pack, startViteDev, version } from "./bundlers/build.mjs";
import { site, testInPage } from "./in-browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { serveFolder } from "./site.mjs";

let packed;
before(async () => {
  packed = await pack();
});

test("nothing but what is needed is packed", () => {
  const declarations = packed.files.filter((file) => file.endsWith(".d.ts"));
  assert.ok(declarations.includes("dist/index.d.ts"));
  assert.deepEqual(
    packed.files.filter((file) => !declarations.includes(file)),
    [
      "README.md",
      "dist/LICENSE",
      "dist/NOTICE",
      "dist/index.js",
      "dist/index.js.map",
      "dist/outbound.wasm",
      "dist/wasm_exec.js",
      "dist/worker.js",
      "dist/worker.js.map",
      "package.json",
    ],
  );
});

test("the licences of all that is in it are packed", async () => {
  const [ours, packed] = await Promise.all(
    ["../../NOTICE", "../dist/NOTICE"].map((file) =>
      readFile(new URL(file, import.meta.url), "utf8"),
    ),
  );
  assert.equal(packed, ours);
  for (const part of ["Go: ", "github.com/hack-pad/", "nhooyr.io/websocket "]) {
    assert.ok(packed.includes(`\n${part}`), part);
  }
});

test("what the manifest names is there", async () => {
  const app = await makeApp(packed.tarball);
  after(() => app.remove());
  const manifest = JSON.parse(
    await readFile(join(app.root, "node_modules/gws-outbound/package.json"), "utf8"),
  );
  const named = Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  for (const file of [manifest.types, ...named]) {
    const path = file.replace(/^\.\//, "");
    assert.ok(packed.files.includes(path), `${path} is not in the package`);
  }
});

for (const [name, build] of Object.entries(bundlers)) {
  testInPage(
    `an app built with ${name} ${await version(name)} completes a record`,
    async (page) => {
      const app = await makeApp(packed.tarball);
      try {
        await build(app.root);
        const base = `/app-${name}/`;
        await serveFolder(site, join(app.root, "out"), base);
        await page.goto(new URL(`${base}index.html`, site.url).href);
        await useApp(page);
      } finally {
        await app.remove();
      }
    },
  );
}

testInPage(
  "Vite's dev server needs the option not to move the package",
  async (page) => {
    const app = await makeApp(packed.tarball);
    const server = await startViteDev(app.root, { exclude: ["gws-outbound"] });
    try {
      await page.goto(server.url);
      await useApp(page);
    } finally {
      await server.close();
      await app.remove();
    }
  },
  { complaints: /404/ },
); // of the icon, which it does not have

/** Uses the app in bundlers/app: completes a record, in a Worker. */
async function useApp(page) {
  await page.waitForFunction(() => globalThis.exported !== undefined);
  assert.deepEqual(await page.evaluate(() => globalThis.exported), {
    answer: 33,
    error: "OutboundError",
  });
  const simulator = await Simulator.start();
  let workers = 0;
  page.on("workercreated", () => workers++);
  const referenceId = `from ${page.url()}`;
  const event = await page.evaluate((what) => globalThis.completeOne(what), {
    options: { baseUrl: simulator.url, headers },
    request: { ...request, referenceId },
  });
  assert.deepEqual(event, { ...acknowledgement, referenceId });
  assert.equal((await simulator.posts()).length, 1);
  assert.equal(workers, 1, "it did not run in a Worker");
  await page.evaluate((what) => globalThis.completeOne(what), {
    options: { baseUrl: simulator.url, headers, worker: "shared" },
    request,
  });
  assert.equal(await page.evaluate(() => globalThis.host), "shared-worker");
}

test("outside browsers the package says so, and keeps no process", async () => {
  const module = new URL("../dist/outbound.wasm", import.meta.url);
  const { createClient, load } = await import("../dist/index.js");
  const wasmModule = await WebAssembly.compile(await readFile(module));
  for (const failing of [createClient({ wasmModule, baseUrl: "https://gws.example" }), load()]) {
    await assert.rejects(failing, ({ code, delivery, message }) => {
      assert.deepEqual([code, delivery], ["LOAD_FAILED", "not-sent"]);
      assert.match(message, /this is no browser/);
      return true;
    });
  }
});

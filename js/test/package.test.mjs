// The package as it is published, and apps that were built with it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  buildScript,
  bundlers,
  judge,
  leftOut,
  makeApp,
  pack,
  putFiles,
  startViteDev,
  version,
} from "./bundlers/build.mjs";
import { site, testInPage } from "./in-browser.mjs";
import { acknowledgement, request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";
import { serveFolder } from "./site.mjs";

const run = promisify(execFile);
const timeout = 300_000; // ms: a bundler takes its time beside others

let packed;
before(async () => {
  packed = await pack();
});

test("nothing but what is needed is packed", () => {
  const declarations = packed.files.filter((file) => /\.d\.c?ts$/.test(file));
  assert.ok(declarations.includes("dist/index.d.ts"));
  assert.ok(declarations.includes("dist/index.d.cts"));
  const pages = packed.files.filter((file) => file.startsWith("docs/"));
  assert.ok(pages.includes("docs/errors.md"));
  assert.ok(pages.every((page) => page.endsWith(".md")));
  assert.deepEqual(
    packed.files.filter((file) => !declarations.includes(file) && !pages.includes(file)),
    [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "dist/LICENSE",
      "dist/NOTICE",
      "dist/index.cjs",
      "dist/index.js",
      "dist/index.js.map",
      "dist/outbound.wasm",
      "dist/testing.cjs",
      "dist/testing.js",
      "dist/wasm_exec.js",
      "dist/worker.js",
      "dist/worker.js.map",
      "package.json",
    ],
  );
});

test("the pages of the manual that are packed lead to nothing that is not", async () => {
  const missing = [];
  for (const page of packed.files.filter((file) => file.endsWith(".md"))) {
    const text = await readFile(new URL(`../${page}`, import.meta.url), "utf8");
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const file = new URL(link, `file:///${page}`).pathname.slice(1);
      if (!packed.files.includes(file)) {
        missing.push(`${page}: ${link}`);
      }
    }
  }
  assert.deepEqual(missing, []);
});

test("publint and attw find nothing wrong", async () => {
  await judge(packed.tarball, ["outbound.wasm", "worker.js", "wasm_exec.js"]);
});

test("the version is that of the changelog, and the lock file names no registry", async () => {
  const [manifest, lock, changelog] = await Promise.all(
    ["../package.json", "../package-lock.json", "../../CHANGELOG.md"].map((file) =>
      readFile(new URL(file, import.meta.url), "utf8"),
    ),
  );
  const { version } = JSON.parse(manifest);
  assert.match(version, /^\d+\.\d+\.\d+(-rc\.\d+)?$/);
  assert.equal(changelog.match(/^## (\S+)$/m)?.[1], version);
  assert.equal(JSON.parse(lock).version, version);
  assert.doesNotMatch(lock, /"resolved"/);
});

test("without Go nothing is packed, and a placeholder is not published", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gws-outbound-sources-"));
  after(() => rm(folder, { recursive: true }));
  const root = new URL("../../", import.meta.url);
  for (const name of ["Makefile", "js/package.json", "js/publishable.mjs"]) {
    await cp(new URL(name, root), join(folder, name));
  }
  const tools = join(folder, "tools");
  await mkdir(tools);
  for (const name of ["bash", "sh", "make", "npm", "node"]) {
    const { stdout } = await run("bash", ["-c", `command -v ${name}`]);
    await symlink(stdout.trim(), join(tools, name));
  }
  const npm = (...args) =>
    run("npm", args, { cwd: join(folder, "js"), env: { ...process.env, PATH: tools } });
  await assert.rejects(npm("pack"), ({ stdout, stderr }) => {
    assert.match(stdout + stderr, /Go is missing: install Go/);
    return true;
  });
  await assert.rejects(npm("run", "prepublishOnly"), ({ stderr }) => {
    assert.match(stderr, /not published: package\.json has placeholders in homepage/);
    return true;
  });
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
  const filesIn = (target) =>
    typeof target === "string" ? [target] : Object.values(target).flatMap(filesIn);
  for (const file of [manifest.types, manifest.main, ...filesIn(manifest.exports)]) {
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
    { timeout },
  );
}

testInPage(
  "Vite's dev server needs no configuration",
  async (page) => {
    const app = await makeApp(packed.tarball);
    const server = await startViteDev(app.root);
    try {
      await page.goto(server.url);
      await useApp(page);
    } finally {
      await server.close();
      await app.remove();
    }
  },
  { complaints: /404/, timeout },
); // of the icon, which it does not have

testInPage(
  "Vite's dev server has moved the package to where its files cannot be found",
  async (page) => {
    const app = await makeApp(packed.tarball);
    // As in a workspace, where packages are in a folder above the app's.
    const cacheDir = join(app.root, "app", "node_modules", ".vite");
    const moved = await startViteDev(app.root, { cacheDir });
    const kept = await startViteDev(app.root, { optimizeDeps: { exclude: ["gws-outbound"] } });
    try {
      await page.goto(moved.url);
      await page.waitForFunction(() => globalThis.exported !== undefined);
      const said = await page.evaluate(() =>
        globalThis.completeOne({ options: {} }).catch(({ code, message }) => [code, message]),
      );
      assert.equal(said[0], "LOAD_FAILED");
      assert.match(said[1], /optimizeDeps: \{ exclude: \["gws-outbound"\] \}/);
      await page.goto(kept.url);
      await useApp(page);
    } finally {
      await moved.close();
      await kept.close();
      await app.remove();
    }
  },
  { complaints: /404|Failed to load|Worker/, timeout },
);

const builtAsScript = async (page) => {
  const app = await makeApp(packed.tarball);
  try {
    await buildScript(app.root);
    await putFiles(join(app.root, "out"), app.root);
    await writeFile(join(app.root, "out", "index.html"), scriptPage("main.js"));
    await serveFolder(site, join(app.root, "out"), "/app-script/");
    await page.goto(new URL("/app-script/index.html", site.url).href);
    await useApp(page);
  } finally {
    await app.remove();
  }
};
testInPage("a bundle that is a classic script completes a record", builtAsScript, { timeout });

testInPage(
  "a bundle that does not know its URL asks for wasmUrl and workerUrl, and works with them",
  async (page) => {
    const app = await makeApp(packed.tarball);
    try {
      await buildScript(app.root);
      await putFiles(join(app.root, "out"), app.root);
      // Nor is it what looks like its script element.
      const image = '<img name="currentScript" src="elsewhere.svg" alt="">';
      await writeFile(join(app.root, "out", "index.html"), scriptPage("run.js") + image);
      await writeFile(
        join(app.root, "out", "elsewhere.svg"),
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
      );
      // Run by another script, there is no script element that is its own.
      await writeFile(
        join(app.root, "out", "run.js"),
        `addEventListener("load", () => import("./main.js"));`,
      );
      await serveFolder(site, join(app.root, "out"), "/app-run/");
      await page.goto(new URL("/app-run/index.html", site.url).href);
      await page.waitForFunction(() => globalThis.exported !== undefined);
      const said = await page.evaluate(() =>
        globalThis
          .completeOne({ options: {} })
          .catch(({ name, code, delivery, message }) => [name, code, delivery, message]),
      );
      assert.deepEqual(said.slice(0, 3), ["OutboundError", "LOAD_FAILED", "not-sent"]);
      assert.match(said[3], /import\.meta\.url is undefined.*give wasmUrl and workerUrl/);
      await useApp(page, { wasmUrl: "outbound.wasm", workerUrl: "worker.js" });
    } finally {
      await app.remove();
    }
  },
  { timeout },
);

const scriptPage = (name) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title><script src="${name}"></script>`;

for (const [name, build] of Object.entries(leftOut)) {
  test(`${name} leaves out what an app does not use`, async () => {
    const app = await makeApp(packed.tarball);
    try {
      await writeFile(
        join(app.root, "main.js"),
        'import { OutboundError } from "gws-outbound"; globalThis.known = OutboundError;',
      );
      const files = await build(app.root);
      const scripts = Object.keys(files).filter((file) => /^(main|index).*\.js$/.test(file));
      assert.equal(scripts.length, 1);
      assert.ok(files[scripts[0]] < 5000, JSON.stringify(files));
      // Vite copies what it reads of before it knows what is used; nobody fetches it.
      const wasm = Object.keys(files).filter((file) => file.endsWith(".wasm"));
      assert.equal(wasm.length, name === "Vite" ? 1 : 0);
    } finally {
      await app.remove();
    }
  });
}

/** Uses the app in bundlers/app: completes a record, in a Worker. */
async function useApp(page, options = {}) {
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
    options: { baseUrl: simulator.url, headers, ...options },
    request: { ...request, referenceId },
  });
  assert.deepEqual(event, { ...acknowledgement, referenceId });
  assert.equal((await simulator.posts()).length, 1);
  assert.equal(workers, 1, "it did not run in a Worker");
  await page.evaluate((what) => globalThis.completeOne(what), {
    options: { baseUrl: simulator.url, headers, ...options, worker: "shared" },
    request,
  });
  assert.equal(await page.evaluate(() => globalThis.host), "shared-worker");
}

for (const [how, get] of Object.entries({
  import: () => import("../dist/index.js"),
  require: async () => createRequire(import.meta.url)("../dist/index.cjs"),
})) {
  test(`outside browsers the package says so, and keeps no process: ${how}`, async () => {
    const module = new URL("../dist/outbound.wasm", import.meta.url);
    const { CallResult, createClient, load, OutboundError } = await get();
    assert.equal(CallResult.Answer, 33);
    const wasmModule = await WebAssembly.compile(await readFile(module));
    for (const failing of [createClient({ wasmModule, baseUrl: "https://gws.example" }), load()]) {
      await assert.rejects(failing, (error) => {
        assert.ok(error instanceof OutboundError);
        assert.deepEqual([error.code, error.delivery], ["LOAD_FAILED", "not-sent"]);
        assert.match(error.message, /this is no browser/);
        return true;
      });
    }
  });
}

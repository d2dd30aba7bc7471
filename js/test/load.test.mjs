// Where the module comes from, and what is said when it cannot be had.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { failures, lacking } from "./engine.mjs";
import { settle, site, testInPage } from "./in-browser.mjs";
import { dist, unusedOrigin } from "./site.mjs";

/** How often a path of the site was asked for while `run` ran. */
async function fetches(path, run) {
  const before = site.paths.length;
  await run();
  return site.paths.slice(before).filter((asked) => asked === path).length;
}

/** The digest of the module, as Subresource Integrity. */
async function digestOf(name) {
  const bytes = await readFile(new URL("outbound.wasm", dist));
  return `${name}-${createHash(name).update(bytes).digest("base64")}`;
}

function assertUnavailable({ error }, message) {
  assert.match(error.message, message);
  assert.match(error.message, /^the WebAssembly module could not be loaded: (?!.*could not be)/);
  assert.match(error.message, /\(errors\.md#(?!loading)[\w-]+\)$/, "its own place in the manual");
  assert.equal(error.code, "LOAD_FAILED");
  assert.equal(error.delivery, "not-sent");
  assert.equal(error.name, "OutboundError");
  assert.ok(error.isOutboundError);
}

testInPage("the module is fetched and compiled once", async (page) => {
  const count = await fetches("/dist/outbound.wasm", async () => {
    await page.evaluate(async () => {
      const { load } = await import("/dist/index.js");
      const wasmUrl = "/dist/outbound.wasm";
      await Promise.all([load(), load({}), load({ wasmUrl })]);
      await load({ worker: true });
    });
  });
  assert.equal(count, 1);
});

testInPage(
  "what the page preloads is not fetched again, nor left unused",
  async (page, said) => {
    const count = await fetches("/chunked.wasm", async () => {
      // Its own script begins to load before the page is complete: some 3 s after that, browsers call a preload unused.
      site.files.set(
        "/preload.js",
        `import { load } from "/dist/index.js";
         globalThis.loaded = load({ wasmUrl: "/chunked.wasm" }).then(() => "loaded", String);`,
      );
      await page.goto(`${site.url}/preload`);
      assert.equal(await page.evaluate(() => globalThis.loaded), "loaded");
    });
    assert.equal(count, 1);
    assert.deepEqual(
      said.filter((line) => line.includes("preload")),
      [],
    );
  },
  { needs: { webkit: "WebKit fetches twice what a page preloads" } },
);

testInPage("a wrong MIME type is no hindrance", async (page) => {
  assert.deepEqual(await settle(page, "load", { wasmUrl: "/wrong-type.wasm" }), {});
});

testInPage("a browser that cannot compile while it streams", async (page) => {
  await page.evaluate(() => {
    delete WebAssembly.compileStreaming;
  });
  assert.deepEqual(await settle(page, "load"), {});
});

testInPage(
  "a page without a policy",
  async (page) => {
    assert.deepEqual(await settle(page, "load"), {});
  },
  { path: "/no-policy" },
);

testInPage("a URL relative to the page, and URL objects, also of another frame", async (page) => {
  await page.evaluate(async () => {
    const { load } = await import("/dist/index.js");
    await load({ wasmUrl: "dist/outbound.wasm" });
    await load({ wasmUrl: new URL("/dist/outbound.wasm", location.href) });
    const frame = document.documentElement.appendChild(document.createElement("iframe"));
    const { URL: Other } = frame.contentWindow;
    await load({ wasmUrl: new Other("/dist/outbound.wasm", location.href) });
  });
});

testInPage(
  "a missing file: the error has the URL and the status",
  async (page) => {
    assertUnavailable(
      await settle(page, "load", { wasmUrl: "/missing.wasm" }),
      new RegExp(`${site.url}/missing.wasm answered HTTP 404; the option wasmUrl says`),
    );
    assertUnavailable(await settle(page, "createClient", { wasmUrl: "/missing.wasm" }), /404/);
  },
  { complaints: /404/ },
);

testInPage("a page in place of the module: the error has its URL and type", async (page) => {
  assertUnavailable(
    await settle(page, "load", { wasmUrl: "/html.wasm" }),
    new RegExp(`${site.url}/html.wasm answered HTTP 200 with text/html; charset=utf-8 that is not`),
  );
});

testInPage("a file that did not arrive whole: the error says so, with the cause", async (page) => {
  const outcome = await settle(page, "load", { wasmUrl: "/damaged.wasm" });
  assertUnavailable(outcome, /damaged.wasm did not arrive whole, or is damaged/);
  // Firefox calls it "out of memory".
  assert.match(outcome.error.cause, /CompileError|InternalError/);
});

testInPage(
  "a file that did not arrive whole is fetched once more, past the cache",
  async (page) => {
    const count = (path) => fetches(path, () => settle(page, "load", { wasmUrl: path }));
    assert.equal(await count("/damaged.wasm"), 2, "not for ever");
    assert.equal(await count("/html.wasm"), 1, "it arrived whole");
    assert.equal(await count("/missing.wasm"), 1);
    for (const wasmIntegrity of [undefined, await digestOf("sha384")]) {
      const wasmUrl = `/cut-once.wasm?${wasmIntegrity}`;
      assert.deepEqual(await settle(page, "load", { wasmUrl, wasmIntegrity }), {});
    }
  },
  { complaints: new RegExp(`404|${failures.source}|integrity`) },
);

testInPage(
  "two pages load a module at once that is chunked, and may be kept in the cache",
  async (page) => {
    const other = await page.browserContext().newPage();
    await other.goto(new URL("/strict", site.url).href);
    const options = { wasmUrl: "/chunked.wasm" };
    const outcomes = await Promise.all([
      settle(page, "load", options),
      settle(other, "load", options),
    ]);
    assert.deepEqual(outcomes, [{}, {}]);
  },
  { complaints: failures, needs: lacking.pages },
);

testInPage(
  "a policy that forbids WebAssembly: the error says what to add",
  async (page) => {
    const message = /Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval'/;
    assertUnavailable(await settle(page, "load"), message);
    assertUnavailable(await settle(page, "createClient"), message);
  },
  { path: "/no-wasm", complaints: /forbids wasm-eval|Content.Security.Policy/ },
);

testInPage(
  "a server that cannot be reached: the error has the URL and the cause",
  async (page) => {
    const wasmUrl = `${await unusedOrigin()}/outbound.wasm`;
    const outcome = await settle(page, "load", { wasmUrl });
    assertUnavailable(outcome, new RegExp(`fetching ${wasmUrl} failed; .*CORS`));
    assert.match(outcome.error.cause, /TypeError/);
  },
  { complaints: failures },
);

testInPage("a module that never arrives is given up", async (page) => {
  const outcome = await page.evaluate(async () => {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (run, ms, ...args) =>
      setTimeout(run, ms === 180_000 ? 50 : ms, ...args);
    const [{ load, OutboundError }, { outcome }] = await Promise.all([
      import("/dist/index.js"),
      import("/in-page.js"),
    ]);
    return outcome(load({ wasmUrl: "/never.wasm" }), OutboundError);
  });
  assertUnavailable(
    outcome,
    /never\.wasm did not arrive within 180 s; .* \(errors\.md#wasm-slow\)/,
  );
});

testInPage(
  "a load that failed does not spoil the next",
  async (page) => {
    assertUnavailable(await settle(page, "load", { wasmUrl: "/flaky.wasm" }), /503/);
    assert.deepEqual(await settle(page, "load", { wasmUrl: "/flaky.wasm" }), {});
  },
  { complaints: /503/ },
);

testInPage("a module that is not ours: the error says so", async (page) => {
  const outcomes = await page.evaluate(async () => {
    const [{ createClient, OutboundError }, { outcome }] = await Promise.all([
      import("/dist/index.js"),
      import("/in-page.js"),
    ]);
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const wasmModule = await WebAssembly.compile(empty);
    return Promise.all(
      [true, false].map((worker) => outcome(createClient({ wasmModule, worker }), OutboundError)),
    );
  });
  for (const outcome of outcomes) {
    assertUnavailable(outcome, /does not fit this loader .* must come from the same build/);
  }
});

testInPage("wrong options of the loader are all named", async (page) => {
  for (const name of ["load", "createClient"]) {
    const { error } = await settle(page, name, {
      wasmUrl: "http://",
      wasmModule: {},
      worker: "yes",
    });
    assert.equal(error.code, "INVALID_REQUEST");
    assert.equal(error.delivery, "not-sent");
    assert.deepEqual(
      error.problems.map(({ field }) => field),
      ["wasmUrl", "wasmModule", "worker"],
    );
    for (const { field, message } of error.problems) {
      assert.ok(error.message.includes(`${field}: ${message}`), error.message);
    }
    for (const options of [null, 1, [], "http://127.0.0.1"]) {
      assert.equal((await settle(page, name, options)).error.code, "INVALID_REQUEST");
    }
  }
});

testInPage("options that cannot be read are no accident", async (page) => {
  const { error } = await page.evaluate(async () => {
    const [{ createClient, OutboundError }, { outcome }] = await Promise.all([
      import("/dist/index.js"),
      import("/in-page.js"),
    ]);
    const options = {
      get baseUrl() {
        throw new RangeError("not today");
      },
    };
    return outcome(createClient(options), OutboundError);
  });
  assert.equal(error.code, "INVALID_REQUEST");
  assert.match(error.message, /not today/);
  assert.equal(error.cause, "RangeError: not today");
});

testInPage(
  "a digest of the module is checked",
  async (page) => {
    const wrong = `sha384-${createHash("sha384").update("something else").digest("base64")}`;
    const several = `${await digestOf("sha384")} ${await digestOf("sha512")}`;
    for (const wasmIntegrity of [await digestOf("sha256"), several]) {
      assert.deepEqual(await settle(page, "load", { wasmIntegrity }), {});
    }
    assert.deepEqual(await settle(page, "load"), {});
    // The module is there by now, but nobody has checked it against this.
    for (const name of ["load", "createClient"]) {
      assertUnavailable(
        await settle(page, name, { wasmIntegrity: wrong }),
        /outbound.wasm answered does not have the digest that wasmIntegrity gives/,
      );
    }
    const wasmUrl = `${await unusedOrigin()}/outbound.wasm`;
    const outcome = await settle(page, "load", { wasmUrl, wasmIntegrity: wrong });
    assertUnavailable(outcome, /fetching .* failed; look for the network/);
  },
  { complaints: new RegExp(`${failures.source}|integrity|ERR_`) },
);

testInPage("a digest that the browser would not understand is refused", async (page) => {
  const good = `sha256-${createHash("sha256").update("").digest("base64")}`;
  for (const wasmIntegrity of ["", "sha1-abc", "sha256-abc", "md5", `${good} nonsense`, 7, null]) {
    const { error } = await settle(page, "load", { wasmIntegrity });
    assert.equal(error.code, "INVALID_REQUEST", String(wasmIntegrity));
    assert.deepEqual(
      error.problems.map(({ field }) => field),
      ["wasmIntegrity"],
    );
  }
  const { error } = await page.evaluate(async (wasmIntegrity) => {
    const [{ load, OutboundError }, { outcome }] = await Promise.all([
      import("/dist/index.js"),
      import("/in-page.js"),
    ]);
    const wasmModule = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    return outcome(load({ wasmModule, wasmIntegrity }), OutboundError);
  }, good);
  assert.match(error.message, /wasmIntegrity: has no meaning beside wasmModule/);
});

testInPage(
  "an abort while the module loads is heard at once",
  async (page) => {
    const outcomes = await page.evaluate(async () => {
      const [{ createClient, OutboundError }, { outcome }] = await Promise.all([
        import("/dist/index.js"),
        import("/in-page.js"),
      ]);
      const wasmUrl = "/never.wasm";
      const controller = new AbortController();
      const pending = createClient({ wasmUrl, signal: controller.signal });
      controller.abort("changed my mind");
      const before = createClient({ wasmUrl, signal: AbortSignal.abort("never wanted to") });
      const settled = Promise.all([
        outcome(pending, OutboundError),
        outcome(before, OutboundError),
      ]);
      const failing = createClient({
        wasmUrl: "/missing.wasm",
        signal: AbortSignal.abort("never wanted to"),
      });
      await failing.catch(() => {});
      await fetch("/missing.wasm"); // what became of the load is known now, and is nobody's error
      return settled;
    });
    for (const [i, cause] of ["changed my mind", "never wanted to"].entries()) {
      const { error } = outcomes[i];
      assert.equal(error.name, "AbortError");
      assert.equal(error.code, "ABORTED");
      assert.equal(error.delivery, "not-sent");
      assert.equal(error.cause, cause);
      assert.ok(error.isOutboundError);
    }
  },
  { complaints: /404/ },
);

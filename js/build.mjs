// Builds the package: the WebAssembly module, the loader with Go's
// wasm_exec.js enclosed in it, and the types.
//
//   node build.mjs
//
// All of it goes to dist, beside this file.
//
// Needs the `go` of the module's go.mod on the PATH.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const out = join(here, "dist");
const overlay = join(root, "build", "overlay");

// wasm_exec.js and the module must come from the same Go, which is the one
// that go.mod chooses.
const wasmExec = join(output("go", ["env", "GOROOT"]), "lib", "wasm", "wasm_exec.js");

/** Packages that are smaller without inlining, of which a completion needs little. */
const notInlined = [
  "bytes",
  "context",
  "encoding/base64",
  "encoding/hex",
  "github.com/hack-pad/go-indexeddb/...",
  "github.com/hack-pad/safejs/...",
  "hash/fnv",
  "internal/poll",
  "internal/strconv",
  "io/fs",
  "nhooyr.io/websocket/...",
  "os",
  "path",
  "reflect",
  "slices",
  "strconv",
  "strings",
  "syscall",
  "time",
  "unicode/utf16",
  "unicode/utf8",
  "unique",
  "weak",
];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await compileGo("./wasm", join(out, "outbound.wasm"));
await bundle();
await bundleForTests();
await declare();
await cp(wasmExec, join(out, "wasm_exec.js")); // for the start without the loader
await cp(join(root, "LICENSE"), join(out, "LICENSE"));
await writeFile(join(out, "NOTICE"), `${output("go", ["run", "./internal/cmd/notice"])}\n`);

async function compileGo(pkg, file) {
  run("go", ["run", "./internal/cmd/overlay", overlay]);
  const flags = [
    `-overlay=${join(overlay, "overlay.json")}`,
    // The same code gives the same file, whatever the commit: caches know it, and sizes can be compared.
    "-trimpath",
    "-buildvcs=false",
    "-ldflags=-s -w -buildid=",
    // Without inlining its own packages are 3 % less to download, and a completion takes no longer. The
    // reader of JSON, all small functions, is smaller with it. Those of others, of which a completion
    // needs little, are 1.5 % of the whole.
    "-gcflags=gws-outbound/...=-l",
    "-gcflags=gws-outbound/internal/jsontext=",
    ...notInlined.map((name) => `-gcflags=${name}=-l`),
  ];
  run("go", ["build", ...flags, "-o", file, pkg], { GOOS: "js", GOARCH: "wasm" });
  await chmod(file, 0o644); // it is fetched, never executed
}

async function bundle() {
  // Both hold what both need: a chunk that they share would be one more file to
  // serve, and one more round trip before the Worker runs.
  const modules = await bundleAs("esm", {
    entryPoints: ["src/index.ts", "src/worker.ts"],
    sourcemap: true,
  });
  // For `require`: Jest, Node.js, and bundles of CommonJS. It has no import.meta; place.ts knows.
  const commonJS = await bundleAs("cjs", {
    entryPoints: ["src/index.ts"],
    outExtension: { ".js": ".cjs" },
    logOverride: { "empty-import-meta": "silent" },
  });
  const foreign = Object.keys({ ...modules.inputs, ...commonJS.inputs }).filter(
    (file) => !/^(src\/|go:)/.test(file),
  );
  if (foreign.length > 0) {
    throw new Error(`bundled, but not in NOTICE (internal/cmd/notice): ${foreign.join(", ")}`);
  }
}

/** Bundles to a format of modules, and gives what esbuild knows of it. */
async function bundleAs(format, options) {
  const { metafile } = await build({
    absWorkingDir: here,
    outdir: out,
    bundle: true,
    format,
    target: "es2022",
    // Names stay, for those who read a stack trace: they cost 0.7 KB of brotli.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "inline",
    plugins: [encloseWasmExec()],
    define: { GWS_OUTBOUND_BUILD: JSON.stringify(await buildId()) },
    logLevel: "warning",
    metafile: true,
    ...options,
  });
  return metafile;
}

/** What the package is made of, in short: pages of different builds share no Worker. */
async function buildId() {
  const hash = createHash("sha256");
  hash.update(await readFile(join(out, "outbound.wasm")));
  const sources = await readdir(join(here, "src"));
  for (const name of sources.sort()) {
    hash.update(await readFile(join(here, "src", name)));
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Bundles the client for tests, as an ES module and for `require`. Its errors are those of the package itself, so that
 * `instanceof` holds: the class comes from the file there.
 */
async function bundleForTests() {
  for (const [format, extension] of [
    ["esm", ".js"],
    ["cjs", ".cjs"],
  ]) {
    await bundleAs(format, {
      entryPoints: ["src/testing.ts"],
      outExtension: { ".js": extension },
      plugins: [replaceForTests(`./index${extension}`)],
    });
  }
}

/** Takes what a test has not out of the client, and the class of errors from where everybody has it. */
function replaceForTests(errors) {
  return {
    name: "replace-for-tests",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/error\.js$/ }, () => ({ path: errors, external: true }));
      onResolve({ filter: /^\.\/(pulse|page|transport-memory)\.js$/ }, () => ({
        path: join(here, "src", "testing-absent.ts"),
      }));
    },
  };
}

/**
 * Gives `go:wasm_exec`: Go's wasm_exec.js as the body of a function, in which
 * `globalThis`, `Map` and `performance` are the arguments, and `fs`, which it also uses bare, is that of
 * the first. Done here since a page's Content-Security-Policy forbids it at run time.
 */
function encloseWasmExec() {
  const namespace = "go";
  return {
    name: "enclose-wasm-exec",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^go:wasm_exec$/ }, () => ({ path: "wasm_exec.js", namespace }));
      onLoad({ filter: /.*/, namespace }, async () => ({
        contents: enclose(await readFile(wasmExec, "utf8")),
        loader: "js",
      }));
    },
  };
}

function enclose(source) {
  const license = source.match(/^(\/\/.*\n)+/)?.[0];
  if (!license) {
    throw new Error(`${wasmExec} does not begin with its license`);
  }
  return `/*!
${license.replace(/^\/\/ ?/gm, " * ")} */
export default function wasmExec(globalThis, Map, performance) {
  const fs = { writeSync: (fd, bytes) => globalThis.fs.writeSync(fd, bytes) };
${source}
}
`;
}

/** Emits the types: index.d.ts, testing.d.ts and what they import, nothing else; and the same for CommonJS, where types are of the kind of the module. */
async function declare() {
  const all = await mkdtemp(join(tmpdir(), "gws-outbound-types-"));
  try {
    const tsc = join(here, "node_modules", "typescript", "bin", "tsc");
    run("node", [tsc, "-p", here, "--outDir", all]);
    const relative = /from "\.\/([\w-]+)\.js"/g;
    const reached = new Set(["index", "testing"]);
    for (const name of reached) {
      const source = await readFile(join(all, `${name}.d.ts`), "utf8");
      for (const [, imported] of source.matchAll(relative)) {
        reached.add(imported);
      }
      await writeFile(join(out, `${name}.d.ts`), source);
      await writeFile(join(out, `${name}.d.cts`), source.replace(relative, 'from "./$1.cjs"'));
    }
  } finally {
    await rm(all, { recursive: true });
  }
}

function run(command, args, env) {
  execFileSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
}

function output(command, args) {
  return execFileSync(command, args, { cwd: root, encoding: "utf8" }).trim();
}

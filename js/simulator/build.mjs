// Builds the npm package gws-outbound-simulator: the simulator (internal/cmd/simulator) as a command and a module of
// Node.js.
//
//   node simulator/build.mjs FOLDER [all | own]
//
// all is for every platform, as it is published; own, for tests, is for this machine alone, from the build cache.
//
// One package has the programs of all platforms. A package for each, chosen by optionalDependencies, as esbuild has
// them, would be a sixth of the download; but it needs a registry that has all of them before one can be tried, where
// this is one tarball: 16 MB, of a tool that only developers install.

import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");

/** GOOS and GOARCH, by how Node.js says it. */
const platforms = {
  "linux-x64": ["linux", "amd64"],
  "linux-arm64": ["linux", "arm64"],
  "darwin-x64": ["darwin", "amd64"],
  "darwin-arm64": ["darwin", "arm64"],
  "win32-x64": ["windows", "amd64"],
  "win32-arm64": ["windows", "arm64"],
};

const [out, which = "all"] = process.argv.slice(2);
if (!out || !["all", "own"].includes(which)) {
  console.error("usage: node simulator/build.mjs FOLDER [all | own]");
  process.exit(2);
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const own = `${process.platform}-${process.arch}`;
for (const platform of which === "all" ? Object.keys(platforms) : [own]) {
  await compile(platform);
}
await manifest();
await types();
for (const file of ["index.cjs", "index.mjs", "cli.cjs", "README.md"]) {
  await copyFile(join(here, file), join(out, file));
}
await copyFile(join(here, "../publishable.mjs"), join(out, "publishable.mjs"));
await copyFile(join(root, "LICENSE"), join(out, "LICENSE"));
await writeFile(join(out, "NOTICE"), go(["run", "./internal/cmd/notice", "simulator"]));

async function compile(platform) {
  const [os, arch] = platforms[platform];
  const file = join(
    out,
    "bin",
    platform,
    `gws-outbound-simulator${os === "windows" ? ".exe" : ""}`,
  );
  // What tests use is linked from what go test has compiled.
  const published = { GOOS: os, GOARCH: arch, CGO_ENABLED: "0" };
  const [flags, env] = which === "all" ? [["-trimpath", "-ldflags=-s -w"], published] : [[], {}];
  go(["build", ...flags, "-o", file, "./internal/cmd/simulator"], env);
  await chmod(file, 0o755);
}

/** The package's own manifest, with the version of gws-outbound: they are made of the same sources. */
async function manifest() {
  const { version } = JSON.parse(await readFile(join(here, "../package.json"), "utf8"));
  const text = await readFile(join(here, "package.json"), "utf8");
  await writeFile(
    join(out, "package.json"),
    text.replace('"version": "0.0.0"', `"version": "${version}"`),
  );
}

/** The types, for both kinds of modules. */
async function types() {
  const api = await readFile(join(here, "index.d.ts"), "utf8");
  const control = await readFile(join(here, "types.d.ts"), "utf8");
  for (const kind of ["cts", "mts"]) {
    const module = `./types.${kind.replace("ts", "js")}`;
    await writeFile(join(out, `index.d.${kind}`), api.replaceAll("./types.js", module));
    await writeFile(join(out, `types.d.${kind}`), control);
  }
}

function go(args, env) {
  return execFileSync("go", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
}

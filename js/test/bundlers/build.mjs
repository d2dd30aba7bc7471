// Builds the app in app/ with each bundler, from the packed package.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as esbuild from "esbuild";
import * as vite from "vite";
import webpack from "webpack";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const js = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Packs a package, as npm publishes it.
 *
 * @param {string} [from] its folder
 * @returns {Promise<{ tarball: string, size: number, files: string[] }>} size in bytes
 */
export async function pack(from = js) {
  const folder = await mkdtemp(join(tmpdir(), "gws-outbound-pack-"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: from,
  });
  const [{ filename, size, files }] = Object.values(JSON.parse(stdout));
  return { tarball: join(folder, filename), size, files: files.map(({ path }) => path).sort() };
}

/**
 * Has publint and attw judge a tarball; both exit with an error where they find something.
 *
 * @param {string} tarball
 * @param {string[]} [untyped] entry points without types, since no program imports them by name
 */
export async function judge(tarball, untyped = []) {
  const bin = join(js, "node_modules", ".bin");
  const without = untyped.length > 0 ? ["--exclude-entrypoints", ...untyped] : [];
  await Promise.all([
    run(join(bin, "publint"), ["run", tarball, "--strict"]),
    // node10 is TypeScript's name for what knows no exports.
    run(join(bin, "attw"), [tarball, "--profile", "node16", ...without]),
  ]);
}

/**
 * Makes a project that has the package installed from its tarball.
 *
 * @param {string} tarball
 * @returns {Promise<{ root: string, remove: () => Promise<void> }>}
 */
export async function makeApp(tarball) {
  const root = await mkdtemp(join(tmpdir(), "gws-outbound-app-"));
  const installed = join(root, "node_modules", "gws-outbound");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  await cp(join(here, "app"), root, { recursive: true });
  await writeFile(join(root, "package.json"), "{}"); // where it is, Vite puts what it keeps
  return { root, remove: () => rm(root, { recursive: true }) };
}

/** Builds `root` into its folder `out`, each in the way that its users do. */
export const bundlers = {
  async Vite(root) {
    await vite.build({
      root,
      base: "./",
      configFile: false,
      logLevel: "warn",
      build: { outDir: "out" },
    });
  },

  async webpack(root) {
    const compiler = webpack({
      mode: "production",
      context: root,
      entry: "./main.js",
      output: { path: join(root, "out") },
      performance: { hints: false }, // of the size of the wasm
    });
    const stats = await promisify(compiler.run.bind(compiler))();
    await promisify(compiler.close.bind(compiler))();
    if (stats.hasErrors() || stats.hasWarnings()) {
      throw new Error(stats.toString("errors-warnings"));
    }
    await page(root);
  },

  // It does not look for files behind `new URL()`: the manual says to put them
  // beside the bundle.
  async esbuild(root) {
    await withEsbuild(root, { format: "esm" });
    await putFiles(join(root, "out"), root);
    await page(root);
  },
};

/** Builds `root` into `out/main.js` as a classic script, which has no import.meta. */
export async function buildScript(root) {
  // Of import.meta.url, which is empty then.
  await withEsbuild(root, { format: "iife", logOverride: { "empty-import-meta": "silent" } });
}

/** What each bundler makes of `code`, in names and sizes of files, where nothing else is in the app. */
export const leftOut = {
  async Vite(root) {
    await bundlers.Vite(root);
    return sizes(join(root, "out", "assets"));
  },
  async webpack(root) {
    await bundlers.webpack(root);
    await rm(join(root, "out", "index.html"));
    return sizes(join(root, "out"));
  },
  async esbuild(root) {
    await withEsbuild(root, { format: "esm", minify: true });
    return sizes(join(root, "out"));
  },
};

async function sizes(folder) {
  const files = await readdir(folder);
  const all = files.map(async (name) => [name, (await stat(join(folder, name))).size]);
  return Object.fromEntries(await Promise.all(all));
}

async function withEsbuild(root, options) {
  const { warnings } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["main.js"],
    bundle: true,
    outdir: "out",
    logLevel: "silent",
    ...options,
  });
  if (warnings.length > 0) {
    throw new Error(JSON.stringify(warnings));
  }
}

/** Copies what the package fetches to a folder. */
export async function putFiles(folder, root) {
  for (const name of ["outbound.wasm", "worker.js"]) {
    await cp(join(root, "node_modules", "gws-outbound", "dist", name), join(folder, name));
  }
}

/**
 * Starts Vite's dev server for `root`.
 *
 * @param {string} root
 * @param {import("vite").InlineConfig} [config]
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startViteDev(root, config) {
  const server = await vite.createServer({
    root,
    configFile: false,
    logLevel: "warn",
    server: { host: "127.0.0.1", port: 0, hmr: false },
    ...config,
  });
  await server.listen();
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}

/** The page of a bundler that makes none. */
async function page(root) {
  await cp(join(root, "index.html"), join(root, "out", "index.html"));
}

/** @returns {Promise<string>} the version of a bundler */
export async function version(name) {
  const manifest = join(js, "node_modules", name.toLowerCase(), "package.json");
  return JSON.parse(await readFile(manifest, "utf8")).version;
}

// The site that the tests' pages come from: the built package, pages with
// different Content-Security-Policies, and servers that get the module wrong.

import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const here = new URL(".", import.meta.url);

/** The built package. */
export const dist = new URL("../dist/", here);

const strict = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self'",
  "connect-src": "'self' http://127.0.0.1:* ws://127.0.0.1:*",
  "base-uri": "'none'",
  "form-action": "'none'",
};
const policies = {
  strict,
  "no-worker": { ...strict, "worker-src": "'none'" },
  "no-sockets": { ...strict, "connect-src": "'self' http://127.0.0.1:*" },
  "no-wasm": { ...strict, "script-src": "'self'" },
  "trusted-types": { ...strict, "require-trusted-types-for": "'script'" },
};

const embedderPolicy = { "Cross-Origin-Embedder-Policy": "require-corp" };

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
  ".css": "text/css; charset=utf-8",
};

/**
 * @typedef {object} Site
 * @property {string} url its origin
 * @property {Map<string, URL | string | object>} files more files to serve, by path: where they are, their text, or the
 *   whole reply, which comes before the site's own, and not before its promise `until` settles
 * @property {string} movedTo where /moved/api/v2/me redirects to
 * @property {string[]} paths what was asked for, in order
 * @property {() => Promise<void>} close
 */

/**
 * @param {object} [options]
 * @param {URL} [options.firstScript] a file that every page runs before anything else
 * @param {boolean} [options.cached] whether browsers may keep the files, as they may those of a site in use
 * @param {boolean} [options.shared] whether pages of other origins may have the files, as those of a CDN
 * @returns {Promise<Site>}
 */
export async function startSite({ firstScript, cached = false, shared = false } = {}) {
  const site = { files: new Map(), paths: [] };
  let flaky = 0;
  const cut = new Set();
  let first = "";
  if (firstScript) {
    site.files.set("/first.js", firstScript);
    first = '<script src="/first.js"></script>';
  }

  const special = {
    "/strict": () => page("strict", first),
    "/no-sockets": () => page("no-sockets", first),
    "/no-wasm": () => page("no-wasm", first),
    "/no-worker": () => page("no-worker", first),
    "/no-policy": () => page("", first),
    "/trusted-types": () => page("trusted-types", first),
    "/embedder-policy": () => ({ ...page("strict", first), headers: embedderPolicy }),
    "/embedder-policy/worker.js": async () => ({
      ...(await special["/dist/worker.js"]()),
      headers: embedderPolicy,
    }),
    // A Worker has the policy that its own script came with.
    "/dist/worker.js": async () => ({
      type: types[".js"],
      body: await readFile(new URL("worker.js", dist)),
      policy: policyOf("strict"),
    }),
    // As deployment.md says. Firefox takes nothing that it may not keep.
    "/preload": () =>
      page(
        "strict",
        `${first}<link rel="modulepreload" href="/dist/index.js">` +
          '<link rel="preload" href="/chunked.wasm" as="fetch" crossorigin>' +
          '<script type="module" src="/preload.js"></script>',
      ),
    "/bare": () => page("strict", `${first}<script src="/dist/wasm_exec.js"></script>`),
    "/favicon.ico": () => ({ status: 204 }),
    "/wrong-type.wasm": async () => ({
      type: "text/plain",
      body: await readFile(new URL("outbound.wasm", dist)),
    }),
    "/html.wasm": () => ({ type: types[".html"], body: "<!doctype html><p>Please sign in.</p>" }),
    "/damaged.wasm": async () => ({
      type: types[".wasm"],
      body: (await readFile(new URL("outbound.wasm", dist))).subarray(0, 100_000),
    }),
    "/flaky.wasm": async () =>
      flaky++ === 0
        ? { status: 503 }
        : { type: types[".wasm"], body: await readFile(new URL("outbound.wasm", dist)) },
    "/cut-once.wasm": async (query) => {
      const whole = await readFile(new URL("outbound.wasm", dist));
      const first = !cut.has(query);
      cut.add(query);
      return { type: types[".wasm"], body: first ? whole.subarray(0, 100_000) : whole };
    },
    "/chunked.wasm": async () => ({
      type: types[".wasm"],
      body: await readFile(new URL("outbound.wasm", dist)),
      chunked: true,
    }),
    "/never.wasm": () => new Promise(() => {}),
    // For pages whose program is none of ours: they ask who is signed in all the same, and nobody is.
    "/api/v2/me": () => ({ type: "application/json", body: '{"statusCode":4}' }),
    "/moved/api/v2/me": () => ({ status: 302, location: site.movedTo }),
  };

  async function answer(path, query) {
    const given = site.files.get(path);
    const type = types[extname(path)];
    if (given?.body !== undefined) {
      return { type, ...given };
    }
    if (special[path]) {
      return special[path](query);
    }
    const file = given ?? builtFile(path) ?? new URL(`.${path}`, here);
    return {
      type,
      body: typeof file === "string" ? file : await readFile(file),
      policy: type === types[".html"] && policyOf("strict"),
    };
  }

  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://site");
    site.paths.push(pathname);
    let reply;
    try {
      reply = await answer(pathname, search);
    } catch {
      reply = { status: 404, type: "text/plain", body: "not found" };
    }
    const { status = 200, type = "text/plain", body = "" } = reply;
    const { policy, location, chunked, encoding, headers, until } = reply;
    await until;
    response.writeHead(status, {
      "Content-Type": type,
      ...((cached || chunked) && { "Cache-Control": "max-age=3600" }),
      ...(encoding && { "Content-Encoding": encoding }),
      ...(policy && { "Content-Security-Policy": policy }),
      ...(location && { Location: location }),
      ...(shared && { "Access-Control-Allow-Origin": "*" }),
      ...headers,
    });
    if (chunked) {
      for (let at = 0; at < body.length; at += 65_536) {
        response.write(body.subarray(at, at + 65_536));
      }
      response.end();
    } else {
      response.end(body);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  site.url = `http://127.0.0.1:${server.address().port}`;
  site.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return site;
}

/**
 * Serves the files of a folder below a path of the site.
 *
 * @param {Site} site
 * @param {string} folder
 * @param {string} base such as "/app/"
 */
export async function serveFolder(site, folder, base) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      site.files.set(base + relative(folder, file), pathToFileURL(file));
    }
  }
}

/** @returns {Promise<string>} an origin of this machine where nobody listens */
export async function unusedOrigin() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** The package, at two URLs: for the browser these are two modules. */
function builtFile(path) {
  const [, name] = path.match(/^\/(?:dist|copy)\/([\w.-]+)$/) ?? [];
  return name && new URL(name, dist);
}

function policyOf(name) {
  const directives = Object.entries(policies[name] ?? {});
  return directives.map((directive) => directive.join(" ")).join("; ");
}

function page(policy, head) {
  return {
    type: types[".html"],
    body: `<!doctype html><html lang="en"><title>Test</title>${head}</html>`,
    policy: policyOf(policy),
  };
}

// The pages of the documentation: their links, their length, and that they quote the code.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root });
const files = listed
  .toString()
  .split("\0")
  .filter((name) => existsSync(join(root, name)));
const pages = files.filter((name) => name.endsWith(".md"));
const read = (name) => readFileSync(join(root, name), "utf8");

/** A page without its code, in which nothing is a heading or a link. */
const prose = (name) => read(name).replace(/^```[\s\S]*?^```$/gm, "");

/** The anchors that a page has, and those that GitHub gives to its headings. */
function anchors(name) {
  const own = [...prose(name).matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id);
  return own.concat(headings(name));
}

function headings(name) {
  return [...prose(name).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("links within the repository lead somewhere", () => {
  assert.ok(pages.includes("web/docs/reference.md"));
  const broken = [];
  for (const page of pages) {
    for (const [, target] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) {
        continue;
      }
      const [path, anchor] = target.split("#");
      const name = path ? join(dirname(page), path) : page;
      const found = files.some((file) => file === name || file.startsWith(`${name}/`));
      if (!found || (anchor && !anchors(name).includes(anchor))) {
        broken.push(`${page}: ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

test("the README has at most 1,500 words, and leads to every page of the manual", () => {
  const readme = read("README.md");
  assert.ok(readme.split(/\s+/).length <= 1500);
  for (const page of pages.filter((name) => name.startsWith("web/docs/"))) {
    assert.ok(readme.includes(`(${page}`), page);
  }
});

test("the messages that errors.md explains are those of the code", () => {
  const sources = files.filter((name) => /^(internal|wasm|js\/src)\/.*\.(go|ts)$/.test(name));
  const code = sources
    .filter((name) => !name.endsWith("_test.go"))
    .map(read)
    .join("\n")
    .replace(/"\s*\+\s*"/g, "");
  const cells = [...read("web/docs/errors.md").matchAll(/^\| ([^|]*`[^|]*) \|/gm)];
  const quoted = cells.flatMap(([, cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text),
  );
  assert.ok(quoted.length > 40);
  const least = 8; // characters that tell a message from another
  const pieces = quoted.flatMap((text) =>
    text.split("…").map((piece) => piece.replace(/^[ :;]+|[ :;]+$/g, "")),
  );
  const unknown = pieces.filter((piece) => piece.length >= least && !code.includes(piece));
  assert.deepEqual(unknown, []);
});

test("errors.md explains each message that a call can end with", () => {
  const quoted = [...read("web/docs/errors.md").matchAll(/`([^`]+)`/g)].map(([, text]) => text);
  const pieces = quoted.flatMap((text) => text.split("…")).map((piece) => piece.trim());
  const known = pieces.filter((piece) => piece.length >= 12);
  const sources = files.filter((name) => /^internal\/outbound\/(?!.*_test\.go).*\.go$/.test(name));
  const message = /(?<!Field: "\w+", )Message:\s*(?:fmt\.Sprintf\()?"([^"]{20,})"/g;
  const messages = sources.flatMap((name) =>
    [...read(name).matchAll(message)].map(([, text]) => text),
  );
  assert.ok(messages.length > 5);
  assert.deepEqual(
    messages.filter((message) => !known.some((piece) => message.includes(piece))),
    [],
  );
});

const quoting = [
  "calls.md",
  "from-cometd.md",
  "frameworks.md",
  "getting-started.md",
  "sign-in.md",
  "testing.md",
];

test("the code of the manual's guides is that of the examples", () => {
  const examples = files.filter((name) => /^web\/examples\/.*\.(js|jsx|ts)$/.test(name)).map(read);
  const plain = (code) => code.replace(/\s+/g, " ").trim();
  const code = plain(examples.join("\n"));
  for (const page of quoting) {
    const blocks = [...read(`web/docs/${page}`).matchAll(/^```(?:js|tsx?)\n([\s\S]*?)^```$/gm)];
    assert.ok(blocks.length > 0, page);
    for (const [, block] of blocks) {
      // What a block leaves out is a comment of three dots.
      for (const piece of block.split(/^ *\/\/ \.\.\.$/m)) {
        assert.ok(code.includes(plain(piece)), `${page}: ${piece}`);
      }
    }
  }
});

test("the examples in TypeScript compile, as strict as can be", async () => {
  const manual = join(root, "js/manual");
  const tsc = join(manual, "node_modules/typescript/bin/tsc");
  assert.ok(existsSync(tsc), "make docs installs what this needs");
  const project = JSON.parse(read("js/manual/tsconfig.json").replace(/^ *\/\/.*$/gm, ""));
  const roots = project.files.map((file) => join("js/manual", file));
  const examples = files.filter((name) => /^web\/examples\/.*\.ts$/.test(name));
  const imported = ["web/examples/vue/use-outbound.ts"];
  assert.deepEqual([...roots, ...imported].sort(), examples.sort());
  await promisify(execFile)(process.execPath, [tsc, "-p", manual]).catch((error) => {
    throw new Error(error.stdout || error.message);
  });
});

test("each message that errors.md explains has an anchor, which those messages name that say where to look", () => {
  const page = read("web/docs/errors.md");
  const rows = page.match(/^\| (?!you see).*$/gm).filter((row) => !/^\|[-|]+$/.test(row));
  const quoted = rows.filter((row) => /^\| (<a id="[\w-]+"><\/a>)?`[^`]* [^`]*`/.test(row));
  assert.ok(quoted.length > 40);
  assert.deepEqual(
    quoted.filter((row) => !/^\| <a id="/.test(row)),
    [],
  );
  const all = anchors("web/docs/errors.md");
  assert.equal(new Set(all).size, all.length, "an anchor is there twice");
  const code = files.filter((name) => /^(internal|js\/src)\/.*\.(go|ts)$/.test(name)).map(read);
  const named = [...code.join("\n").matchAll(/errors\.md#([\w-]+)/g)].map(([, anchor]) => anchor);
  assert.ok(named.length > 4);
  assert.deepEqual(
    named.filter((anchor) => !all.includes(anchor)),
    [],
  );
});

test("errors.md has something on every code", () => {
  const codes = [...read("js/src/error-codes.ts").matchAll(/^ {2}\| "([A-Z_]+)"/gm)];
  assert.ok(codes.length > 10);
  const page = read("web/docs/errors.md");
  assert.deepEqual(
    codes.map(([, code]) => code).filter((code) => !page.includes(`\`${code}\``)),
    [],
  );
});

test("the tests and files that SECURITY.md names exist", () => {
  const code = files.filter((name) => /\.go$/.test(name));
  const defined = new Set(
    code.flatMap((name) =>
      [...read(name).matchAll(/^func ((?:Test|Fuzz)\w+)\(/gm)].map(([, test]) => test),
    ),
  );
  const table = read("SECURITY.md").match(/^## What is promised$([\s\S]*?)^## /m)?.[1] ?? "";
  const rows = table.match(/^\| \*\*.*$/gm) ?? [];
  assert.ok(rows.length > 15);
  const missing = [];
  for (const [, name] of rows.join("\n").matchAll(/`([^`]+)`/g)) {
    const exists = /^(Test|Fuzz)\w+$/.test(name)
      ? defined.has(name)
      : !/^(internal|js|wasm)\//.test(name) || existsSync(join(root, name));
    if (!exists) missing.push(name);
  }
  assert.deepEqual(missing, []);
});

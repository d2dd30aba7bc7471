// TypeDoc writes one script into each page. The demo's Content-Security-Policy allows none there, and
// a page that knows no inline scripts needs no exception: so it becomes a file.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, posix, sep } from "node:path";

const inline = /<script>([^<]+)<\/script>/g;

/** @param {string} folder of the pages */
export async function withoutInlineScripts(folder) {
  const files = await readdir(folder, { recursive: true });
  let script;
  for (const file of files.filter((name) => name.endsWith(".html"))) {
    const path = join(folder, file);
    const page = await readFile(path, "utf8");
    const name = file.split(sep).join("/");
    const to = posix.join(posix.relative(posix.dirname(name), "assets") || "assets", "theme.js");
    const changed = page.replace(inline, (_tag, code) => {
      if (script !== undefined && script !== code) {
        throw new Error(`${name} has another inline script than the pages before`);
      }
      script = code;
      return `<script src="${to}"></script>`;
    });
    await writeFile(path, changed);
  }
  if (script === undefined) {
    throw new Error("no page has an inline script: this step is of no use any more");
  }
  await writeFile(join(folder, "assets/theme.js"), script);
}

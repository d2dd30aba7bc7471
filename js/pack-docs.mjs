// Puts the manual, the changelog and SECURITY.md into the package: error messages name places in errors.md, and who reads one
// may have the package alone. Links to what is in the repository alone become plain text.
//
//   node pack-docs.mjs

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, normalize, relative } from "node:path/posix";

const root = new URL("../", import.meta.url);
const pages = readdirSync(new URL("web/docs/", root)).filter((name) => name.endsWith(".md"));
/** Where each document is in the package, by where it is in the repository. */
const places = new Map([
  ["CHANGELOG.md", "CHANGELOG.md"],
  ["SECURITY.md", "SECURITY.md"],
  ...pages.map((name) => [`web/docs/${name}`, `docs/${name}`]),
]);

rmSync(new URL("js/docs/", root), { recursive: true, force: true });
mkdirSync(new URL("js/docs/", root));
for (const [source, place] of places) {
  const text = readFileSync(new URL(source, root), "utf8").replace(
    /\[([^\]]*)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)/g,
    (_, words, link, anchor = "") => {
      const target = places.get(normalize(join(source, "..", link)));
      return target ? `[${words}](${relative(join(place, ".."), target)}${anchor})` : words;
    },
  );
  writeFileSync(new URL(`js/${place}`, root), text);
}

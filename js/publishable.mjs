// Says why the package in the current folder must not be published yet, before npm does that.
//
//   node publishable.mjs

import { readFileSync } from "node:fs";

const { homepage, repository, bugs } = JSON.parse(readFileSync("package.json", "utf8"));
// Where the sources are published is for whoever publishes them to say: .example is nobody's.
const placeholders = Object.entries({ homepage, repository: repository.url, bugs: bugs.url })
  .filter(([, url]) => new URL(url.replace(/^git\+/, "")).hostname.endsWith(".example"))
  .map(([name, url]) => `${name} (${url})`);
if (placeholders.length > 0) {
  console.error(
    `not published: package.json has placeholders in ${placeholders.join(", ")}; say where the sources are`,
  );
  process.exitCode = 1;
}

// Makes the manual's pages, in build/docs: web/docs and the API reference, by TypeDoc.
//
//   node build.mjs
//
// TypeDoc reads TypeScript by the compiler's JavaScript, which TypeScript 7 no longer has: hence a
// package of its own here, with TypeScript 6.

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, StructureRouter } from "typedoc";
import { pageOf, pages, titleOf } from "./pages.mjs";
import { withoutInlineScripts } from "./scripts.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "build/docs");
const sources = join(root, "build/docs.md");
const made = join(root, "build/docs.new"); // a page that is open must find the others meanwhile

await rm(sources, { recursive: true, force: true });
const names = await pages(root);
/** Names of files, by the titles of their pages. */
const files = new Map();
for (const name of names) {
  files.set(await titleOf(root, name), basename(name, ".md").toLowerCase());
  const file = join(sources, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await pageOf(root, name, names));
}
const [first, ...others] = names;

/** Has pages called as their sources are, so that what links to them is short, and lasts. */
class Router extends StructureRouter {
  getIdealBaseName(reflection) {
    return reflection.isDocument()
      ? files.get(reflection.name)
      : super.getIdealBaseName(reflection);
  }
}

const app = await Application.bootstrap({
  name: "gws-outbound",
  entryPoints: [join(root, "js/src/index.ts"), join(root, "js/src/testing.ts")],
  tsconfig: join(root, "js/tsconfig.json"),
  router: "manual",
  readme: join(sources, first),
  projectDocuments: others.map((name) => join(sources, name)),
  sort: ["source-order"],
  kindSortOrder: ["Document", "Function", "Class", "Interface", "TypeAlias", "Variable"],
  alwaysCreateEntryPointModule: true,
  searchInComments: true,
  searchInDocuments: true,
  ignoredHighlightLanguages: ["mermaid", "nginx", "apache", "text"],
  disableSources: true,
  disableGit: true,
  hideGenerator: true,
  treatWarningsAsErrors: true,
  logLevel: "Warn",
  favicon: join(root, "web/icon.svg"),
  customCss: fileURLToPath(new URL("manual.css", import.meta.url)),
});
app.renderer.defineRouter("manual", Router);
const project = await app.convert();
if (!project) {
  throw new Error("the API could not be read");
}
/** What is imported, by the file that has it: "gws-outbound", and "gws-outbound/testing". */
const modules = { index: "api", testing: "api/testing" };
for (const module of project.children) {
  module.name = modules[module.name] ?? module.name;
}
await rm(made, { recursive: true, force: true });
await app.generateDocs(project, made);
if (app.logger.hasErrors() || app.logger.hasWarnings()) {
  process.exit(1);
}
await withoutInlineScripts(made);
await rm(out, { recursive: true, force: true });
await rename(made, out);

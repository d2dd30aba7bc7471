// The pages of the manual: Markdown that reads on GitHub as it is, made ready for TypeDoc.

import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";

/** Pages in the order in which one reads them; what is not here follows. */
const order = [
  "README.md",
  "getting-started.md",
  "sign-in.md",
  "calls.md",
  "frameworks.md",
  "journal.md",
  "from-cometd.md",
  "testing.md",
  "simulator.md",
  "bundlers.md",
  "embedding.md",
  "deployment.md",
  "browsers.md",
  "errors.md",
  "reference.md",
  "how-it-works.md",
  "performance.md",
];

/** Pages that are not of the manual's folder. */
const others = ["SECURITY.md", "CHANGELOG.md"];

/**
 * @param {string} root of the project
 * @returns {Promise<string[]>} the pages, the first one first
 */
export async function pages(root) {
  const files = (await readdir(join(root, "web/docs"))).filter((name) => name.endsWith(".md"));
  const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  files.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  return [...files.map((name) => `web/docs/${name}`), ...others];
}

/**
 * @param {string} root of the project
 * @param {string} name of the page
 * @returns {Promise<string>} its title
 */
export async function titleOf(root, name) {
  return split(name, await readFile(join(root, name), "utf8")).title;
}

/**
 * @param {string} name of the page
 * @param {string} text
 */
function split(name, text) {
  const heading = /^# (.+)\n+/.exec(text);
  if (!heading) {
    throw new Error(`${name} does not begin with a heading`);
  }
  return { title: heading[1].replaceAll("`", ""), body: text.slice(heading[0].length) };
}

/**
 * Gives a page for TypeDoc: with a title in front, which GitHub would show as a table, in place of its heading; and
 * with links to pages alone. What is no page, such as a source, is named.
 *
 * @param {string} root of the project
 * @param {string} name of the page
 * @param {string[]} names of all pages
 * @returns {Promise<string>}
 */
export async function pageOf(root, name, names) {
  const { title, body } = split(name, await readFile(join(root, name), "utf8"));
  const ready = prose(body, (part) =>
    part
      .replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, (link, words, target) => {
        const [path] = target.split("#");
        if (/^[a-z]+:/.test(target) || path === "") return link;
        const file = posix.join(posix.dirname(name), path);
        if (names.includes(file)) return link;
        const code = `\`${file}\``;
        return words.replaceAll("`", "") === file ? code : `${words} (${code})`;
      })
      // Of code in a heading TypeDoc's anchors know nothing, GitHub's do.
      .replace(/^#+ .*$/gm, (heading) => heading.replaceAll("`", "")),
  );
  // The first page has the project's name as its heading.
  return name === names[0]
    ? ready
    : `---\ntitle: ${JSON.stringify(title)}\n---\n\n# ${title}\n\n${ready}`;
}

/** Changes what is no code. */
function prose(text, change) {
  return text
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part, i) => (i % 2 === 1 ? part : change(part)))
    .join("");
}

// What each imported package adds to the module: its functions' code, by the
// names that a module which was not stripped has in its section "name".

const custom = 0;
const imports = 2;
const code = 10;
const data = 11;
const functionNames = 1; // a subsection of "name"

/**
 * @param {Uint8Array} module not stripped
 * @param {string[]} paths the import paths of its packages
 * @returns {{ [path: string]: number }} bytes, the largest first; data, which have no names, at "(data)"
 */
export function packageSizes(module, paths) {
  const reader = new Reader(module, 8); // behind the magic number and the version
  let names = new Map();
  let bodies = [];
  let imported = 0;
  const sizes = new Map();
  while (!reader.done) {
    const id = reader.byte();
    const section = reader.part(reader.number());
    if (id === code) bodies = readBodies(section);
    if (id === imports) imported = countFunctions(section);
    if (id === data) sizes.set("(data)", section.left);
    if (id === custom && section.text() === "name") names = readNames(section);
  }
  if (names.size === 0) throw new Error("the module has no names: it was stripped");
  const packageOf = makePackageOf(paths);
  for (const [i, size] of bodies.entries()) {
    const path = packageOf(names.get(imported + i) ?? "");
    sizes.set(path, (sizes.get(path) ?? 0) + size);
  }
  return Object.fromEntries([...sizes].sort(([, a], [, b]) => b - a));
}

function readBodies(section) {
  return Array.from({ length: section.number() }, () => {
    const size = section.number();
    section.part(size);
    return size;
  });
}

/** How many functions are imported: their indices come before those of the code. */
function countFunctions(section) {
  let functions = 0;
  for (let left = section.number(); left > 0; left--) {
    section.text();
    section.text();
    if (section.byte() !== 0) throw new Error("the module imports what is no function");
    section.number(); // its type
    functions++;
  }
  return functions;
}

function readNames(section) {
  const names = new Map();
  while (!section.done) {
    const id = section.byte();
    const part = section.part(section.number());
    if (id !== functionNames) continue;
    for (let left = part.number(); left > 0; left--) names.set(part.number(), part.text());
  }
  return names;
}

/** The linker writes whatever is not a letter, digit or dot as "_": the longest path that fits is the one. */
function makePackageOf(paths) {
  const written = paths
    .map((path) => [`${path.replace(/[^\w.]/g, "_")}.`, path])
    .sort(([a], [b]) => b.length - a.length);
  return (name) => {
    const [, type] = /^type_\.(?:eq|hash)\.(.*)/.exec(name) ?? [];
    return written.find(([prefix]) => (type ?? name).startsWith(prefix))?.[1] ?? "(runtime, other)";
  };
}

class Reader {
  #bytes;
  #at;

  constructor(bytes, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left() {
    return this.#bytes.length - this.#at;
  }

  get done() {
    return this.left === 0;
  }

  byte() {
    if (this.done) throw new Error("the module is cut short");
    return this.#bytes[this.#at++];
  }

  /** An unsigned LEB128. */
  number() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  part(length) {
    if (length > this.left) throw new Error("the module is cut short");
    this.#at += length;
    return new Reader(this.#bytes.subarray(this.#at - length, this.#at));
  }

  text() {
    const part = this.part(this.number());
    return new TextDecoder().decode(part.#bytes);
  }
}

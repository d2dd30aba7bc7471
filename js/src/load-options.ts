import type { LoadOptions } from "./api.js";
import { describeOwn, isArray, keys, prototypeOf, typeNameOf } from "./builtins.js";
import { OutboundError, type Problem } from "./error.js";
import { isPromise } from "./given.js";
import { describe } from "./thrown.js";
import { hasUser, resolveUrl } from "./url.js";

/** Takes the loader's own options off `options`, checked; the rest is for the module. */
export function splitOptions<T extends LoadOptions>(
  options: T,
): [LoadOptions, Omit<T, keyof LoadOptions>] {
  const given = own(options, "options");
  if (typeof given !== "object" || given === null || isArray(given)) {
    throw invalid("options", [{ field: "options", message: "must be an object" }]);
  }
  const type = typeNameOf(options);
  if (keys(given).length === 0 && type !== "[object Object]") {
    throw invalid("options", [
      { field: "options", message: `must be a plain object, got ${type}` },
    ]);
  }
  const { wasmUrl, wasmModule, wasmIntegrity, worker, workerUrl, ...others } = given;
  const rest = { __proto__: null, ...others } as unknown as Omit<T, keyof LoadOptions>;
  const problems: Problem[] = [];
  for (const [field, url] of [
    ["wasmUrl", wasmUrl],
    ["workerUrl", workerUrl],
  ] as const) {
    if (url !== undefined && !isUrl(url)) {
      problems.push({ field, message: "is not a URL, nor a path relative to the page" });
    } else if (url !== undefined && hasUser(resolveUrl(url))) {
      problems.push({ field, message: "a user name or password does not belong in the URL" });
    }
  }
  if (wasmModule !== undefined && !isModule(wasmModule)) {
    problems.push({
      field: "wasmModule",
      message: "is not a WebAssembly.Module; await WebAssembly.compile() gives one",
    });
  }
  if (wasmIntegrity !== undefined && !isIntegrity(wasmIntegrity)) {
    problems.push({
      field: "wasmIntegrity",
      message: "is no Subresource Integrity, such as sha384- and the digest in base64",
    });
  } else if (wasmIntegrity !== undefined && wasmModule !== undefined) {
    problems.push({
      field: "wasmIntegrity",
      message: "has no meaning beside wasmModule: nothing is fetched that could be checked",
    });
  }
  if (worker !== undefined && typeof worker !== "boolean" && worker !== "shared") {
    problems.push({ field: "worker", message: 'must be true, false or "shared"' });
  }
  if (problems.length > 0) {
    throw invalid("options", problems);
  }
  return [{ wasmUrl, wasmModule, wasmIntegrity, worker, workerUrl }, rest];
}

/**
 * Copies the properties of what a caller passed, into an object that inherits nothing. It reads
 * each of them here, once. What is no object is returned as it is, for the module to refuse.
 */
export function own<T>(value: T, name: "options" | "request"): T {
  const problems: Problem[] = [];
  let cause: unknown;
  const read = (field: string, get: () => void) => {
    try {
      get();
    } catch (thrown) {
      cause ??= thrown;
      problems[problems.length] = { field, message: `cannot be read: ${describe(thrown)}` };
    }
  };
  let copy = value;
  read(name, () => {
    if (isPromise(value)) {
      problems[problems.length] = { field: name, message: "is a Promise: await it" };
    } else if (typeof value === "object" && value !== null && !isArray(value)) {
      const fields = { __proto__: null } as T;
      for (const key of namesOf(value) as (string & keyof T)[]) {
        read(key, () => {
          fields[key] = value[key];
        });
      }
      copy = fields;
    }
  });
  if (problems.length > 0) {
    throw invalid(name, problems, cause);
  }
  return copy;
}

/** How many prototypes of an object are looked at: a Proxy may give one after the other. */
const mostPrototypes = 10;

/**
 * The names of what an object has of its own, and of what it gets from its class, or from another object: accessors, and
 * data but for methods. What every object inherits, nobody has passed.
 */
function namesOf(value: object): string[] {
  const names = keys(value);
  if (typeNameOf(value) !== "[object Object]") {
    return names;
  }
  let from = prototypeOf(value);
  for (let next: object | null, n = 0; from && n < mostPrototypes; from = next, n++) {
    next = prototypeOf(from);
    const inherited = next ? describeOwn(from) : {};
    for (const name of keys(inherited)) {
      const { get, enumerable, value } = inherited[name] as PropertyDescriptor;
      if (get || (enumerable && typeof value !== "function")) {
        names[names.length] = name;
      }
    }
  }
  return names;
}

// Not instanceof: like the module, it may come from another frame.
function isUrl(value: unknown): boolean {
  try {
    const isOne = typeof value === "string" || typeNameOf(value) === "[object URL]";
    if (!isOne || value === "") {
      return false;
    }
    resolveUrl(value as string | URL);
    return true;
  } catch {
    return false;
  }
}

// Not instanceof: the module may come from another frame.
function isModule(value: unknown): boolean {
  try {
    return typeNameOf(value) === "[object WebAssembly.Module]";
  } catch {
    return false; // a revoked Proxy
  }
}

// The browser ignores what it cannot read, and checks nothing then.
function isIntegrity(value: unknown): boolean {
  const one = /^(sha256-[A-Za-z0-9+/]{43}=|sha384-[A-Za-z0-9+/]{64}|sha512-[A-Za-z0-9+/]{86}==)$/;
  return typeof value === "string" && value.split(" ").every((part) => one.test(part));
}

/** As long as the Go program lets the message of a problem be. */
const longest = 500;

export function invalid(what: string, found: Problem[], cause?: unknown): OutboundError {
  const problems = found.map(({ field, message }) => ({
    field,
    message: message.length > longest ? `${message.slice(0, longest)}…` : message,
  }));
  const list = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new OutboundError({
    code: "INVALID_REQUEST",
    message: `wrong ${what}: ${list}`,
    delivery: "not-sent",
    problems,
    cause,
  });
}

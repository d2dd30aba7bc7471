import { defineProperty } from "./builtins.js";
import { cleanStack } from "./url.js";

/** As much of what was thrown as anybody reads, in UTF-16 code units. */
const most = 1000;

/** Says in words what was thrown: never "". */
export function describe(thrown: unknown): string {
  const text = words(thrown);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function words(thrown: unknown): string {
  if (typeof thrown === "symbol" || typeof thrown === "function") {
    return `a ${typeof thrown}`;
  }
  if (typeof thrown !== "object" || thrown === null) {
    return `${thrown}` || "an empty string";
  }
  const { name, message } = nameAndMessage(thrown);
  return name && message ? `${name}: ${message}` : name || message || "an object";
}

/** The name and the message of what was thrown; "" where it has none. */
export function nameAndMessage(thrown: unknown): { name: string; message: string } {
  return { name: text(thrown, "name"), message: text(thrown, "message") };
}

function text(thrown: unknown, property: "name" | "message"): string {
  try {
    const value = (thrown as { [name: string]: unknown })[property];
    return typeof value === "string" ? value : "";
  } catch {
    return ""; // a getter that throws, or nothing at all
  }
}

const classes = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const { CompileError, LinkError, RuntimeError } = globalThis.WebAssembly ?? {};
const wasmClasses = { CompileError, LinkError, RuntimeError };

/** Makes an error of its name and message, of the class that it had where that is the browser's own. */
export function remake({ name, message }: { name: string; message: string }): Error {
  const known = { __proto__: null, ...classes, ...wasmClasses } as unknown as {
    [name: string]: ErrorConstructor | undefined;
  };
  const error = new (known[name] ?? Error)(message);
  cleanStack(error);
  if (error.name !== name && name) {
    defineProperty(error, "name", {
      __proto__: null,
      value: name,
      configurable: true,
      writable: true,
    } as PropertyDescriptor);
  }
  return error;
}

// The first request, GET /api/v2/me, which says who is signed in. The program has to load, and the page need not
// wait for that to ask.

import { readHeaders } from "./link.js";
import { defaults } from "./options.js";
import type { Options } from "./remote-client.js";
import { answer } from "./request.js";
import { isSignal } from "./signal.js";
import { hasUser } from "./url.js";
import type { Me } from "./wire.js";

/** As internal/gws has it. */
const path = "/api/v2/me";

/** How old an answer may be, in ms, when it goes to the program: another agent may sign in meanwhile. */
const maxAge = 3000;

/** How many bytes of an answer are taken. */
const limit = 65_536;

/** A request that the page has sent ahead of the program. */
export interface SignIn {
  /** What a function that is the option headers has given; undefined where that is none. It may reject. */
  readonly headers: Promise<unknown> | undefined;
  /** The answer, as it is when it is asked for. It does not reject. */
  me(): Promise<Me>;
}

/** Signs in; undefined where that is left to the program, which also says what is wrong with the options. */
export function signIn({ baseUrl, credentials, headers, signal }: Options): SignIn | undefined {
  const url = urlOf(baseUrl ?? globalThis.location?.origin);
  const mode = credentials ?? defaults.credentials;
  if (url === undefined || !isCredentials(mode)) {
    return undefined;
  }
  const asked = typeof headers === "function" ? call(headers as () => unknown) : undefined;
  const ended = isSignal(signal) ? signal : new AbortController().signal;
  const began = performance.now();
  const answered = ask(url, mode, asked ?? headers, ended).then(
    (me): [Me, number] => [me, performance.now()],
    (): [Me, number] => [{ status: 0 }, 0], // the program finds out why
  );
  return {
    headers: asked,
    async me() {
      const [me, at] = await answered;
      return me.status === 0 || performance.now() - at > maxAge
        ? { status: 0 }
        : { ...me, took: at - began };
    },
  };
}

async function call(headers: () => unknown): Promise<unknown> {
  return headers();
}

async function ask(
  url: string,
  credentials: RequestCredentials,
  given: unknown,
  signal: AbortSignal,
): Promise<Me> {
  const own = await given;
  const fields = own == null ? {} : readHeaders(own);
  const headers: [string, string][] = [];
  for (const name in fields) {
    headers[headers.length] = [name, fields[name] as string];
  }
  if (fields.accept === undefined) {
    headers[headers.length] = ["accept", "application/json"];
  }
  const how = { cache: "no-store", keepalive: false, progress: false } as const;
  const request = { method: "GET", url, credentials, ...how, limit, headers, body: null };
  const [status, header, bytes] = await answer(request, signal, () => {});
  if (status !== 200) {
    return { status: 0 };
  }
  const text: { [name: string]: string } = { __proto__: null } as never;
  for (const [name, value] of header) {
    text[name] = value;
  }
  let body = "";
  for (let i = 0; i < bytes.length; i++) {
    body += String.fromCharCode(bytes[i] as number);
  }
  return { status, took: 0, fields: text, body };
}

/** Where to ask; undefined for what the program refuses, or explains. */
function urlOf(base: unknown): string | undefined {
  if (typeof base !== "string" || !/^https?:\/\/[^?#]+$/i.test(base)) {
    return undefined;
  }
  try {
    const url = new URL(base);
    const mixed = globalThis.location?.protocol === "https:" && url.protocol === "http:";
    return hasUser(url) || mixed ? undefined : base.replace(/\/+$/, "") + path;
  } catch {
    return undefined;
  }
}

function isCredentials(mode: unknown): mode is RequestCredentials {
  return mode === "include" || mode === "same-origin" || mode === "omit";
}

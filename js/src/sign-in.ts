// The first request, GET /api/v2/me, which says who is signed in. The program has to load, and the page need not
// wait for that to ask.

import type { LoadOptions } from "./api.js";
import { AbortController, clock, hasOwn, isArray, isFiniteNumber } from "./builtins.js";
import { readHeaders } from "./link.js";
import { type ClientOptions, defaults } from "./options.js";
import type { Options } from "./remote-client.js";
import { answer } from "./request.js";
import { hasFired, isSignal } from "./signal.js";
import { TransportMemory } from "./transport-memory.js";
import { pageOrigin } from "./url.js";
import type { Fields, HeadersOption, Me } from "./wire.js";

/** As internal/gws has it. */
const path = "/api/v2/me";

/** How old an answer may be, in ms, when it goes to the program: another agent may sign in meanwhile. */
const maxAge = 3000;

/** How many bytes of an answer are taken. */
const limit = 65_536;

/** No header fields, nor what a page has put on Object.prototype. */
const none = { __proto__: null } as unknown as Fields;

/** A request that the page has sent ahead of the program. */
export interface SignIn {
  /** What a function that is the option headers has given; undefined where that is none. It may reject. */
  readonly headers: Promise<unknown> | undefined;
  /** The answer, as it is when it is asked for. It does not reject. */
  me(): Promise<Me>;
  /**
   * Where to dial a WebSocket, as soon as the server has said who is signed in; undefined where the program takes another
   * transport first, or where it is there and dials by itself. It does not reject.
   */
  readonly socket: Promise<string | undefined>;
  /** Gives up what is under way. */
  end(): void;
}

/** Signs in; undefined where that is left to the program, as where it may find something wrong with the options. */
export function signIn(options: Options, headers: HeadersOption): SignIn | undefined {
  const { baseUrl, credentials, signal } = options;
  const url = urlOf(baseUrl ?? pageOrigin());
  const mode = credentials ?? defaults.credentials;
  const aborted = isSignal(signal) && hasFired(signal);
  const refused = headers && "refused" in headers;
  if (url === undefined || !isCredentials(mode) || aborted || refused || !areUsual(options)) {
    return undefined;
  }
  const asked = headers && "ask" in headers ? call(options.headers as () => unknown) : undefined;
  const fields = headers && "fields" in headers ? headers.fields : none;
  const controller = new AbortController();
  const began = clock.now();
  const answered = ask(url, mode, asked?.then(read) ?? fields, controller.signal).then(
    (me): [Me, number] => [me, clock.now()],
    (): [Me, number] => [{ status: 0 }, 0], // the program finds out why
  );
  let awaited = false;
  const socket = socketOf(options, url);
  return {
    headers: asked,
    socket: answered.then(([me]) => (isSignedIn(me) && !awaited ? socket : undefined)),
    async me() {
      awaited = true;
      const [me, at] = await answered;
      return me.status === 0 || clock.now() - at > maxAge
        ? { status: 0 }
        : { ...me, took: tookOf(url, began) ?? at - began };
    },
    end: () => controller.abort(),
  };
}

/** Whether the answer is plain enough to act on; else the program reads it first. */
function isSignedIn(me: Me): boolean {
  return "body" in me && /"statusCode"\s*:\s*0\s*[,}]/.test(me.body);
}

/** Where the WebSocket is; undefined where that is not the transport that the program takes first. */
function socketOf(options: Options, me: string): string | undefined {
  const transports = (options.transports ?? defaults.transports) as readonly string[];
  const { first } = new TransportMemory(options);
  let name = transports[0];
  for (let i = 1; i < transports.length; i++) {
    if (transports[i] === first) {
      name = first;
    }
  }
  if (name !== "websocket") {
    return undefined;
  }
  const base = me.slice(0, -path.length).replace(/^http/i, "ws");
  return `${base}${options.cometdPath ?? defaults.cometdPath}`;
}

/** How long the request took by the browser's account, in ms: the page's thread may have been busy meanwhile. */
function tookOf(url: string, began: number): number | undefined {
  const entries = globalThis.performance?.getEntriesByName?.(url, "resource");
  const last = entries?.[entries.length - 1];
  return last && last.startTime >= began ? last.duration : undefined;
}

async function call(headers: () => unknown): Promise<unknown> {
  return headers();
}

function read(given: unknown): Fields {
  return given == null ? none : readHeaders(given);
}

async function ask(
  url: string,
  credentials: RequestCredentials,
  given: Fields | Promise<Fields>,
  signal: AbortSignal,
): Promise<Me> {
  const fields = await given;
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
  if (
    typeof base !== "string" ||
    !/^https?:\/\/([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?(\/[\w-]+)*\/*$/i.test(base)
  ) {
    return undefined;
  }
  const mixed = /^https:/.test(pageOrigin() ?? "") && !/^https/i.test(base);
  return mixed ? undefined : base.replace(/\/+$/, "") + path;
}

/** Whether the program can be expected to take these options: nothing is to be sent with any that it refuses. */
function areUsual(options: Options): boolean {
  for (const name in options) {
    const value = options[name];
    if (!hasOwn(usual, name)) {
      return false;
    }
    if (value !== undefined && value !== null && !usual[name as keyof typeof usual](value)) {
      return false;
    }
  }
  return true;
}

const isBoolean = (value: unknown) => typeof value === "boolean";
const isTime = (value: unknown) => typeof value === "number" && value >= 1 && value <= 86_400_000;
const isSize = (value: number) => value >= 1024 && value <= 268_435_456;
const isAny = () => true;
const usual: Record<
  Exclude<keyof ClientOptions, keyof LoadOptions>,
  (value: unknown) => boolean
> = {
  baseUrl: isAny, // see urlOf
  cometdPath: (value) => typeof value === "string" && /^(\/[\w-]+)+$/.test(value),
  transports: (value) => isListOf(value, /^(websocket|long-polling)$/, 1),
  guest: isBoolean,
  appendMessageTypeToURL: isBoolean,
  cometd: () => false, // whether that is of use is found out later
  headers: isAny, // see headersOf
  credentials: isAny, // see isCredentials
  csrf: isBoolean,
  channels: (value) => isListOf(value, /^(\/[\w-]+)+$/, 0),
  connectTimeout: isTime,
  requestTimeout: isTime,
  ackTimeout: isTime,
  maxMessageSize: (value) =>
    isFiniteNumber(value) && (value as number) % 1 === 0 && isSize(value as number),
  allowUnknownCallResult: isBoolean,
  journal: isBoolean,
  signal: isSignal,
  log: (value) => typeof value === "function",
  logLevel: (value) => typeof value === "string" && /^(off|warn|info|debug)$/.test(value),
};

function isListOf(value: unknown, element: RegExp, least: number): boolean {
  try {
    if (!isArray(value) || value.length < least || value.length > 100) {
      return false;
    }
    for (let i = 0; i < value.length; i++) {
      if (typeof value[i] !== "string" || !element.test(value[i])) {
        return false;
      }
    }
    return true;
  } catch {
    return false; // a Proxy
  }
}

function isCredentials(mode: unknown): mode is RequestCredentials {
  return mode === "include" || mode === "same-origin" || mode === "omit";
}

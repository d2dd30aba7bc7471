// HTTP requests for the Go program. It could make them itself, and does where it has no
// loader, but that takes some dozens of calls from Go to JavaScript and back. A request is one text; an answer is none,
// but the bytes of its body, in whatever charset they are, and the header, of which a field is seldom asked for.

import { AbortController, clearTimeout, fetch, NativeMap, parse, setTimeout } from "./builtins.js";

/** What became of a request, as internal/httpx knows it: a status, 0 for a redirect, or one of these. */
const failed = -1;
const tooLarge = -2;
const cutOff = -3;

/** How many milliseconds pieces of a response may lie apart and count as one. */
const moment = 20;

type Outcome =
  | [status: number, headers: Headers, body: Uint8Array]
  | [typeof tooLarge]
  | [typeof cutOff, thrown: unknown];

/** A request, as internal/httpx writes it in JSON. */
export interface Request {
  method: string;
  url: string;
  credentials: RequestCredentials;
  cache: RequestCache;
  keepalive: boolean;
  /** Whether to say that its response is arriving. */
  progress: boolean;
  /** How many bytes of the body that comes back are taken. */
  limit: number;
  headers: [string, string][];
  body: string | null;
}

/** Makes requests. */
export interface Requests {
  /** Makes a request. What becomes of it goes to `Answered`. */
  request(id: number, text: string): void;
  /** Ends a request; it counts as one that failed. */
  abortRequest(id: number): void;
}

/** What the Go program wants to know of requests. */
export interface Answered {
  /** Called once for each request that `Requests.request` was asked to make. */
  answered(
    ...result:
      | [id: number, status: number, headers: Headers, body: Uint8Array]
      | [id: number, failed: -1 | -3, thrown: unknown]
      | [id: number, tooLarge: -2]
  ): void;
  /** The response to a request that asked for this is arriving, and more is to come. */
  progress(id: number): void;
}

/** Gives what makes requests for one program, which is asked for when there is an answer. */
export function makeRequests(program: () => Answered): Requests {
  const controllers = new NativeMap<number, { abort(): void }>();
  return {
    request(id, text) {
      const controller = new AbortController();
      controllers.set(id, controller);
      answer(parse(text), controller.signal, () => program().progress(id)).then(
        (outcome) => {
          controllers.delete(id);
          if (outcome[0] === tooLarge) {
            controller.abort(); // what is still to come is not wanted
          }
          program().answered(id, ...outcome);
        },
        (thrown) => {
          controllers.delete(id);
          program().answered(id, failed, thrown);
        },
      );
    },
    abortRequest(id) {
      controllers.get(id)?.abort();
    },
  };
}

/** Makes a request; `report` is called while its response is arriving, where it asks for that. */
export async function answer(
  { url, progress, limit, ...how }: Request,
  signal: AbortSignal,
  report: () => void,
): Promise<Outcome> {
  const init = { __proto__: null, ...how, redirect: "manual", signal } as unknown as RequestInit;
  const response = await fetch(url, init);
  if (response.body) {
    finishRequest(response);
  }
  try {
    const body = await read(response, limit, progress ? report : undefined);
    return body ? [response.status, response.headers, body] : [tooLarge];
  } catch (thrown) {
    return [cutOff, thrown]; // the server has answered, and the rest did not come
  }
}

/**
 * Has Chromium take the request for what it is once its body is read. Where a script reads the only body to its end, it takes most
 * requests for canceled, and so its network panel shows them; a body that was cloned it reads to the end by itself. The
 * clone is of no other use, and holds nothing.
 */
function finishRequest(response: Response): void {
  response
    .clone()
    .body?.cancel()
    .catch(() => {}); // it is aborted with the other one
}

/**
 * Reads chunk by chunk, so that a body over the limit is not held. What arrives whole at once, as
 * most does, is not reported before.
 */
async function read(
  response: Response,
  limit: number,
  report: (() => void) | undefined,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arrives = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      report?.();
    }, moment);
  };
  const reader = response.body?.getReader();
  try {
    report && arrives();
    for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
      size += chunk.value.length;
      if (size > limit) {
        return undefined;
      }
      chunks.push(chunk.value);
      report && arrives();
    }
  } finally {
    clearTimeout(timer);
  }
  if (chunks.length === 1) {
    return chunks[0];
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

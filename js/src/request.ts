// HTTP requests for the Go program. It could make them itself, and does where it has no
// loader, but that takes some dozens of calls from Go to JavaScript and back.

import type { Answered } from "./protocol.js";

/** What became of a request, as internal/httpx knows it: a status, 0 for a redirect, or one of these. */
const failed = -1;
const tooLarge = -2;

/** How many milliseconds pieces of a response may lie apart and count as one. */
const moment = 20;

type Outcome = [status: number, headers: Headers, body: Uint8Array] | [typeof tooLarge];

/** Makes requests. */
export interface Requests {
  /**
   * Makes a request. The first line of `text` has fetch's method, credentials, cache and keepalive,
   * whether to say that its response is arriving, and how many bytes of the body that comes back
   * are taken, with spaces between; then come the URL and each field of the header, a line each,
   * and, behind an empty line, the body if there is one. What becomes of it goes to `Answered`.
   */
  request(id: number, text: string): void;
  /** Ends a request; it is told of as one that failed. */
  abortRequest(id: number): void;
}

/** Gives what makes requests for one program, which is asked for when there is an answer. */
export function makeRequests(program: () => Answered): Requests {
  const controllers = new Map<number, AbortController>();
  return {
    request(id, text) {
      const controller = new AbortController();
      controllers.set(id, controller);
      answer(text, controller.signal, () => program().progress(id))
        .then(
          (outcome) => {
            if (outcome[0] === tooLarge) {
              controller.abort(); // what is still to come is not wanted
            }
            program().answered(id, ...outcome);
          },
          (thrown) => program().answered(id, failed, thrown),
        )
        .finally(() => controllers.delete(id));
    },
    abortRequest(id) {
      controllers.get(id)?.abort();
    },
  };
}

async function answer(text: string, signal: AbortSignal, report: () => void): Promise<Outcome> {
  const end = text.indexOf("\n\n");
  const [how, url, ...header] = (end < 0 ? text : text.slice(0, end)).split("\n");
  const [method, credentials, cache, keepalive, progress, limit] = (how as string).split(" ");
  const init = {
    method,
    credentials,
    cache,
    redirect: "manual",
    headers: header.map(field),
    body: end < 0 ? null : text.slice(end + 2),
    keepalive: keepalive === "true",
    signal,
  } as RequestInit;
  const response = await fetch(url as string, init);
  const body = await read(response, Number(limit), progress === "true" ? report : undefined);
  return body ? [response.status, response.headers, body] : [tooLarge];
}

function field(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1)];
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

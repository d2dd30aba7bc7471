// HTTP requests for the Go program. It could make them itself, and does where it has no
// loader, but that takes some dozens of calls from Go to JavaScript and back.

import type { Answered } from "./protocol.js";

/** What became of a request, as internal/httpx knows it. */
const outcome = { answered: 0, failed: 1, tooLarge: 2 } as const;

type Outcome = [0, status: number, redirected: boolean, headers: Headers, body: Uint8Array] | [2];

/** Makes requests. */
export interface Requests {
  /**
   * Makes a request. `how` is fetch's method, credentials and cache, with spaces between; of the
   * fields of the header, each is two lines; of the body that comes back, at most `limit` bytes are
   * taken. What becomes of it goes to `Answered`.
   */
  request(
    id: number,
    how: string,
    url: string,
    header: string,
    body: string | null,
    keepalive: boolean,
    limit: number,
  ): void;
  /** Ends a request; it is told of as one that failed. */
  abortRequest(id: number): void;
}

/** Gives what makes requests for one program, which is asked for when there is an answer. */
export function makeRequests(program: () => Answered): Requests {
  const controllers = new Map<number, AbortController>();
  return {
    request(id, how, url, header, body, keepalive, limit) {
      const controller = new AbortController();
      controllers.set(id, controller);
      const [method, credentials, cache] = how.split(" ");
      const init = {
        method,
        credentials,
        cache,
        redirect: "manual",
        headers: fields(header),
        body,
        keepalive,
        signal: controller.signal,
      } as RequestInit;
      answer(url, init, limit)
        .then(
          (result) => {
            if (result[0] === outcome.tooLarge) {
              controller.abort(); // what is still to come is not wanted
            }
            program().answered(id, ...result);
          },
          (thrown) => program().answered(id, outcome.failed, thrown),
        )
        .finally(() => controllers.delete(id));
    },
    abortRequest(id) {
      controllers.get(id)?.abort();
    },
  };
}

function fields(header: string): [string, string][] {
  const lines = header.split("\n");
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    pairs.push([lines[i] as string, lines[i + 1] as string]);
  }
  return pairs;
}

async function answer(url: string, init: RequestInit, limit: number): Promise<Outcome> {
  const response = await fetch(url, init);
  const body = await read(response, limit);
  if (!body) {
    return [outcome.tooLarge];
  }
  const redirected = response.type === "opaqueredirect";
  return [outcome.answered, response.status, redirected, response.headers, body];
}

/** Reads chunk by chunk, so that a body over the limit is not held. */
async function read(response: Response, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
    size += chunk.value.length;
    if (size > limit) {
      return undefined;
    }
    chunks.push(chunk.value);
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

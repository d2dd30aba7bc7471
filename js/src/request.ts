// HTTP requests for the Go program. It could make them itself, and does where it has no
// loader, but that takes some dozens of calls from Go to JavaScript and back.

/** What became of a request, as internal/httpx knows it. */
const outcome = { answered: 0, failed: 1, tooLarge: 2 } as const;

type Settle = (
  ...result:
    | [0, status: number, redirected: boolean, headers: Headers, body: Uint8Array]
    | [1, thrown: unknown]
    | [2]
) => void;

/**
 * Makes a request. `init` is fetch's, as JSON; of the body, at most `limit` bytes are taken.
 * Calls `settle` once, and returns what aborts the request.
 */
export function request(url: string, init: string, limit: number, settle: Settle): () => void {
  const controller = new AbortController();
  answer(url, { ...JSON.parse(init), signal: controller.signal }, limit).then(
    (result) => {
      if (result[0] === outcome.tooLarge) {
        controller.abort(); // what is still to come is not wanted
      }
      settle(...result);
    },
    (thrown) => settle(outcome.failed, thrown),
  );
  return () => controller.abort();
}

async function answer(url: string, init: RequestInit, limit: number): Promise<Parameters<Settle>> {
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

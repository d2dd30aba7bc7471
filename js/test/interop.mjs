// CometD servers that others wrote (internal/interop), started by the test
// server (internal/cmd/testserver) whose URL is in TEST_SERVER.

/** A server behind its proxy, at an origin of its own. */
export class InteropServer {
  /**
   * @param {"cometd-9" | "cometd-8" | "cometd-3.1" | "faye" | "cometd-nodejs"} kind
   * @param {object} [options] interop.Options
   * @returns {Promise<InteropServer>}
   */
  static async start(kind, options = {}) {
    const { id, url } = await post(`${process.env.TEST_SERVER}/interop-new`, { kind, options });
    return new InteropServer(id, url);
  }

  /**
   * @param {string} url of what listens on this machine, such as a site
   * @returns {Promise<InteropServer>} a proxy in front of that, with a line of its own; it has the proxy's verbs only
   */
  static async doorTo(url) {
    const port = Number(new URL(url).port);
    const made = await post(`${process.env.TEST_SERVER}/interop-door`, { port });
    return new InteropServer(made.id, made.url);
  }

  constructor(id, url) {
    this.id = id;
    this.url = url;
  }

  /** @returns {Promise<InteropServer>} the same server behind one more proxy, with a line of its own */
  async door() {
    const { id, url } = await this.call("door");
    return new InteropServer(id, url);
  }

  /**
   * Does one of the verbs in the documentation of internal/interop.
   *
   * @param {string} verb
   * @param {unknown} [args]
   */
  call(verb, args = {}) {
    return post(`${process.env.TEST_SERVER}/interop/${this.id}/${verb}`, args);
  }
}

async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`POST ${url}: HTTP ${response.status}: ${answer.error}`);
  }
  return answer;
}

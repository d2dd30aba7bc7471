// Simulators of GWS (internal/gwssim), made by the test server
// (internal/cmd/testserver) whose URL is in TEST_SERVER.

/** The agent that simulators know. */
export const headers = { Authorization: `Basic ${btoa("agent:secret")}` };

/** A simulator on a port, and so an origin, of its own. */
export class Simulator {
  /**
   * @param {object} [behavior] what it does wrong: gwssim.Behavior
   * @returns {Promise<Simulator>}
   */
  static async start(behavior) {
    const server = process.env.TEST_SERVER;
    if (!server) {
      throw new Error(
        "TEST_SERVER is not set: it is the URL that `go run ./internal/cmd/testserver` prints",
      );
    }
    const { url } = await post(`${server}/gwssim-new`);
    const simulator = new Simulator(url);
    if (behavior) {
      await simulator.set(behavior);
    }
    return simulator;
  }

  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /** @param {object} behavior replaces the present one */
  set(behavior) {
    return this.call("set", behavior);
  }

  /** @returns {Promise<{ body: string, status: number }[]>} every POST of a record */
  posts() {
    return this.call("posts");
  }

  /**
   * Publishes an event whose data are given as JSON, letter by letter.
   *
   * @param {string} channel
   * @param {string} data
   */
  publishText(channel, data) {
    return postText(
      `${this.url}/gwssim/publish`,
      `{"channel":${JSON.stringify(channel)},"data":${data}}`,
    );
  }

  /**
   * Does one of the verbs in the documentation of internal/gwssim.
   *
   * @param {string} verb
   * @param {object} [args]
   */
  call(verb, args) {
    return post(`${this.url}/gwssim/${verb}`, args);
  }
}

function post(url, body = {}) {
  return postText(url, JSON.stringify(body));
}

async function postText(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`POST ${url}: HTTP ${response.status}: ${text}`);
  }
  return JSON.parse(text);
}

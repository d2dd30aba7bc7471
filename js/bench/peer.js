// What users have today, as a good integration by hand does it: cometd.js with
// acknowledged delivery, fetch, and a map of those that wait. It is bundled
// for the pages of the benchmark.

import { AckExtension, CometD } from "cometd";

/**
 * Signs in, connects and subscribes.
 *
 * @param {object} options
 * @param {string} options.baseUrl
 * @param {string[]} options.transports
 * @param {string[]} [options.channels] more to subscribe to, for `heard`
 * @param {number} options.requestTimeout ms
 * @param {number} options.ackTimeout ms
 * @param {() => void} [heard] called for each event of those channels
 */
export async function connect(options, heard) {
  const { baseUrl, transports, channels = [], ackTimeout } = options;
  const post = await signIn(options);
  const waiting = new Map();
  const cometd = new CometD();
  cometd.registerExtension("ack", new AckExtension());
  for (const type of cometd.getTransportTypes()) {
    if (!transports.includes(type)) cometd.unregisterTransport(type);
  }
  cometd.configure({ url: `${baseUrl}/api/v2/notifications`, appendMessageTypeToURL: false });
  const receive = ({ data }) => waiting.get(data.referenceId)?.(data);
  const subscribe = async () => {
    await replied((done) => cometd.subscribe("/v2/me/outbound", receive, done));
    for (const channel of channels) {
      await replied((done) => cometd.subscribe(channel, heard, done));
    }
  };
  let connected = false;
  cometd.addListener("/meta/connect", ({ successful }) => {
    connected = successful;
  });
  // Each handshake, those that it makes by itself too, ends its subscriptions; one that fails is
  // tried again.
  await new Promise((resolve, reject) => {
    cometd.addListener("/meta/handshake", ({ successful }) => {
      if (successful) subscribe().then(resolve, reject);
    });
    cometd.handshake();
  });

  return {
    cometd,
    get connected() {
      return connected;
    },
    get transport() {
      return cometd.getTransport().type;
    },
    completeRecord({ referenceId = crypto.randomUUID(), ...request }) {
      return new Promise((resolve, reject) => {
        const settle = (how) => (value) => {
          clearTimeout(timer);
          waiting.delete(referenceId);
          how(value);
        };
        const late = () => settle(reject)(new Error("no acknowledgement in time"));
        const timer = setTimeout(late, ackTimeout);
        waiting.set(referenceId, settle(resolve));
        post({ ...request, referenceId }).catch(settle(reject));
      });
    },
    // The reply to a connect that is under way may end the session first; it aborts this request then.
    close: () => new Promise((done) => cometd.disconnect(done)),
  };
}

/** Signs in; what it gives POSTs a record, and waits for nothing but the response. */
export async function signIn({ baseUrl, requestTimeout }) {
  const credentials = "include";
  const me = await fetch(`${baseUrl}/api/v2/me`, { credentials });
  if (!me.ok) throw new Error(`signing in: HTTP ${me.status}`);
  const headers = {
    "Content-Type": "application/json",
    [me.headers.get("X-CSRF-HEADER")]: me.headers.get("X-CSRF-TOKEN"),
  };
  return async ({ recordHandle, ...fields }) => {
    const response = await fetch(`${baseUrl}/api/v2/me/outbound-records/${recordHandle}`, {
      method: "POST",
      headers,
      credentials,
      body: JSON.stringify({ operationName: "CompleteRecord", ...fields }),
      signal: AbortSignal.timeout(requestTimeout),
    });
    const { statusCode } = await response.json();
    if (!response.ok || statusCode !== 0) {
      throw new Error(`the POST was refused: HTTP ${response.status}, status ${statusCode}`);
    }
  };
}

function replied(send) {
  return new Promise((resolve, reject) => {
    send((reply) => (reply.successful ? resolve() : reject(new Error(JSON.stringify(reply)))));
  });
}

// The part of the scenes that runs in their pages: the clients that are judged, all with the same
// methods. Bundled together with the peer.

import { connect } from "../../bench/peer.js";

const subjects = {
  worker: (options, heard) => openProject({ ...options, worker: true }, heard),
  shared: (options, heard) => openProject({ ...options, worker: "shared" }, heard),
  /** Over the session of this page's cometd.js. */
  adopted: ({ transports: _, ...options }, heard) =>
    openProject({ ...options, cometd: clients.get("cometd.js").cometd }, heard),
  "in place": (options, heard) => openProject({ ...options, worker: false }, heard),
  "cometd.js": async (options, heard) => {
    const client = await connect(options, heard);
    return {
      cometd: client.cometd,
      isConnected: () => client.connected,
      transport: () => client.transport,
      reconnects: () => 0, // it does not say
      completeRecord: async (request) => {
        await until(() => client.connected); // an event that comes without a session is lost
        await client.completeRecord(request);
      },
    };
  },
};

async function openProject(options, heard) {
  const { createClient } = await import("/dist/index.js");
  const client = await createClient(options);
  let reconnects = 0;
  client.addEventListener("statechange", () => {
    if (client.state === "reconnecting") reconnects++;
  });
  client.addEventListener("notification", heard);
  return {
    isConnected: () => client.state === "connected",
    transport: () => client.transport,
    reconnects: () => reconnects,
    completeRecord: (request) => client.completeRecord(request),
  };
}

/** Those of this page, by the name of their subject. */
const clients = new Map();

/** When each event came, on the channels of its options. */
const heardAt = new Map();

/**
 * Connects one of the subjects.
 *
 * @returns what it settled with
 */
export function open(subject, options) {
  heardAt.set(subject, []);
  return measured(async () => {
    const heard = () => heardAt.get(subject).push(Date.now());
    clients.set(subject, await subjects[subject](options, heard));
  });
}

/** @returns what it settled with */
export function complete(subject, request) {
  return measured(() => clients.get(subject).completeRecord(request));
}

/** Completes so many records one after the other, with a pause after each, in ms. */
export async function completeAll(subject, request, count, pause) {
  const all = [];
  for (let i = 0; i < count; i++) {
    all.push(await complete(subject, request));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return all;
}

/** @returns {number} how often it lost its session's connection, as far as it says so */
export function reconnects(subject) {
  return clients.get(subject)?.reconnects() ?? 0;
}

/** Waits until it is connected over that transport: how long that took, or an error after `most` ms. */
export function connectedOver(subject, transport, most) {
  const client = clients.get(subject);
  return measured(() =>
    until(() => client.isConnected() && client.transport() === transport, most).catch(() => {
      throw new Error(`over ${client.transport()} after ${most} ms`);
    }),
  );
}

/** @returns {number[]} when events came, in ms as of Date.now() */
export function heard(subject) {
  return heardAt.get(subject);
}

async function measured(work) {
  const from = performance.now();
  let error;
  try {
    await work();
  } catch (thrown) {
    error = thrown.code ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
  return { ms: performance.now() - from, ...(error && { error }) };
}

async function until(holds, most = Number.POSITIVE_INFINITY) {
  const from = performance.now();
  while (!holds()) {
    if (performance.now() - from > most) throw new Error("not in time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// The part of the benchmark that runs in its pages: who is measured, all with
// the same methods, and the loads. Bundled together with the peer.

import { connect, signIn } from "./peer.js";

const subjects = {
  worker: (options, heard) => openProject({ ...options, worker: true }, heard),
  inPlace: (options, heard) => openProject({ ...options, worker: false }, heard),
  peer: connect,
  peerInWorker: connectInWorker,
  post: async (options) => ({ completeRecord: await signIn(options), close: async () => {} }),
};

async function openProject(options, heard) {
  const { createClient } = await import("/dist/index.js");
  const client = await createClient(options);
  if (heard) client.addEventListener("notification", heard);
  return client;
}

async function connectInWorker(options, heard) {
  const worker = new Worker("/bench/peer-worker.js", { type: "module" });
  const waiting = new Map();
  let last = 0;
  worker.onmessage = ({ data: { id, value, error } }) => {
    if (id === undefined) {
      heard?.();
      return;
    }
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(value);
  };
  const call = (method, argument) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      worker.postMessage({ id: last, method, argument });
    });
  await call("connect", options);
  return {
    completeRecord: (request) => call("completeRecord", request),
    close: async () => {
      await call("close");
      worker.terminate();
    },
  };
}

let client;
let heard = 0;

/** Loads the code of one of the subjects ahead; the peer's is in this file. */
export async function load(subject) {
  if (subject === "worker" || subject === "inPlace") {
    const { load } = await import("/dist/index.js");
    await load();
  }
}

/**
 * Connects one of the subjects; `listens` to the events of the options' channels, or not.
 *
 * @returns {Promise<number>} how long it took, in ms
 */
export async function open(subject, options, listens = false) {
  heard = 0;
  const from = performance.now();
  client = await subjects[subject](options, listens ? () => heard++ : undefined);
  return performance.now() - from;
}

export function close() {
  return client.close();
}

/** How many events were heard since `open`. */
export function hearing() {
  return heard;
}

/** Completes one after the other, with a pause after each, in ms. @returns {Promise<number[]>} how long each took, in ms */
export async function oneByOne(count, request, pause = 0) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await client.completeRecord(request);
    times.push(performance.now() - from);
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return times;
}

/** @returns {Promise<number>} how long all took, `inFlight` of them at any time, in ms */
export async function steadily(count, inFlight, request) {
  const from = performance.now();
  let left = count;
  const lane = async () => {
    while (left-- > 0) await client.completeRecord(request);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return performance.now() - from;
}

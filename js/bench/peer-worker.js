// The peer in a Worker, with as few messages as there can be: what any client in a Worker costs.

import { connect } from "./peer.js";

globalThis.window = globalThis; // for cometd.js

let client;

const methods = {
  connect: async (options) => {
    client = await connect(options, () => postMessage({ heard: true }));
  },
  completeRecord: (request) => client.completeRecord(request),
  close: () => client.close(),
};

globalThis.onmessage = async ({ data: { id, method, argument } }) => {
  try {
    postMessage({ id, value: await methods[method](argument) });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
};

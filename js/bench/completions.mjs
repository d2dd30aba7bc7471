// Completions, and notifications that nobody waits for: the project in a
// Worker and in place, the peer in both, and the POST alone, one after the other, over
// a connection of its own in each round, since every session of a server gets every event. The
// server is on the same machine: this measures processor time.

import { InteropServer } from "../test/interop.mjs";
import { request } from "../test/sample.mjs";
import { interleave, quantile, ratios } from "./numbers.mjs";

const timed = 100; // completions one by one, a round
const warmUp = 30;
const steady = 200;
const inFlight = 10;
const atOnce = 1000;
const notifications = 10_000;
const size = 100; // characters of each
const channel = "/v2/me/calls";

/** Who is measured on each server, and whether with notifications. */
export const servers = {
  "cometd-9": { subjects: ["worker", "inPlace", "peer", "peerInWorker", "post"], floods: true },
  faye: { subjects: ["worker", "peer"], floods: false },
};

/** Measures on one server, over one transport. */
export async function measureCompletions(bench, kind, transport, rounds) {
  const { subjects, floods } = servers[kind];
  const server = await InteropServer.start(kind);
  const pages = {};
  try {
    for (const subject of subjects) {
      pages[subject] = await bench.openPage();
    }
    const options = {
      baseUrl: server.url,
      transports: [transport],
      requestTimeout: 120_000,
      ackTimeout: 120_000,
    };
    const measured = await interleave(rounds, subjects, (subject) =>
      measure(pages[subject], server, subject, options, floods),
    );
    const bases = { worker: "peer", inPlace: "peer", peerInWorker: "peer", peer: "post" };
    const compared = Object.entries(bases).filter((pair) => pair.every((name) => measured[name]));
    return {
      measured,
      ratios: Object.fromEntries(
        compared.map(([subject, base]) => [subject, ratios(measured, subject, base)]),
      ),
    };
  } finally {
    await Promise.all(Object.values(pages).map((page) => page.close()));
    await server.call("close");
  }
}

async function measure(page, server, subject, options, floods) {
  await page.run("open", subject, options);
  await page.run("oneByOne", warmUp, request);
  const times = await page.run("oneByOne", timed, request);
  const figures = {
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    p99: quantile(times, 0.99),
  };
  if (subject !== "post") {
    const [took, busy] = await page.busy(() => page.run("steadily", steady, inFlight, request));
    figures.steady = took / steady;
    figures.pageTask = busy.task / steady;
    figures.pageScript = busy.script / steady;
    figures.atOnce = await page.run("steadily", atOnce, atOnce, request);
  }
  if (subject !== "post" && floods) {
    Object.assign(figures, await flood(page, server, "/v2/me/outbound", "flood"));
    await page.run("close");
    await page.run("open", subject, { ...options, channels: [channel] }, true);
    Object.assign(figures, await flood(page, server, channel, "heard"));
    const heard = await page.run("hearing");
    if (heard !== notifications) throw new Error(`${heard} notifications were heard`);
  }
  await page.run("close");
  return figures;
}

/** How long the page's thread is busy with events that no completion waits for. */
async function flood(page, server, channel, name) {
  await page.run("oneByOne", warmUp, request);
  await page.longTasks();
  const [, busy] = await page.busy(async () => {
    await server.call("publish", { channel, count: notifications, size });
    // Events come in their order: the acknowledgement is behind them all.
    await page.run("oneByOne", 1, request);
  });
  return {
    [name]: busy.task,
    [`${name}Script`]: busy.script,
    [`${name}LongTasks`]: await page.longTasks(),
  };
}

// The lines on which clients are measured: proxies of internal/interop in front of the servers and
// of the site, each with a round trip and, where the environment variable BENCH_RATE says so, a rate
// in bytes/s. BENCH_ROUND_TRIPS=0,100 has every part measured at these, in ms; the site has the same round
// trip as the server, or that of BENCH_SITE_ROUND_TRIP.

import { InteropServer } from "../test/interop.mjs";
import { request } from "../test/sample.mjs";

export const transports = ["websocket", "long-polling"];

/** Who is measured on them. The project is compared with the last. */
export const subjects = ["worker", "inPlace", "peer"];

/** In bytes/s, in each direction; 0: no limit. */
export const [rate] = naturals("BENCH_RATE") ?? [0];

/** In ms. Not all for each part, since the whole is to take less than ten minutes. */
export const roundTrips = {
  navigation: [40],
  connecting: [0, 20, 40, 100],
  pace: [0, 40],
};
const given = naturals("BENCH_ROUND_TRIPS");
if (given) {
  for (const part of Object.keys(roundTrips)) roundTrips[part] = given;
}

/** Of the site's line, in ms; undefined: as the server's. */
export const [siteRoundTrip] = naturals("BENCH_SITE_ROUND_TRIP") ?? [];

function naturals(variable) {
  const text = process.env[variable];
  const list = text?.split(",").map(Number);
  if (list?.some((number) => !Number.isInteger(number) || number < 0)) {
    throw new Error(`${variable} must have integers from 0, got ${text}`);
  }
  return list;
}

/** What is measured in a part, by names for `interleave`; see `caseOf`. */
export function casesOf(part) {
  return transports.flatMap((transport) =>
    roundTrips[part].flatMap((roundTrip) =>
      subjects.map((subject) => `${transport}/${roundTrip}/${subject}`),
    ),
  );
}

export function caseOf(name) {
  const [transport, roundTrip, subject] = name.split("/");
  return { transport, roundTrip: Number(roundTrip), subject };
}

/** One more way to a server, or one to a site: a line with that round trip. */
export async function lineTo(server, roundTripMS) {
  const door = await (typeof server === "string" ? InteropServer.doorTo(server) : server.door());
  await setLine(door, roundTripMS);
  return door;
}

export function setLine(door, roundTripMS) {
  return door.call("line", { roundTripMS, rate });
}

/**
 * Options for every kind of client, patient enough for any line. All have both transports by default, and prefer the WebSocket.
 */
export function optionsFor(server, transport) {
  return {
    baseUrl: server.url,
    transports: transports.slice(transports.indexOf(transport)),
    requestTimeout: 30_000,
    ackTimeout: 30_000,
  };
}

/** Starts CometD 9, and has it work for a while: Java is slow at first, whoever asks. */
export async function startServer(bench, options) {
  const server = await InteropServer.start("cometd-9", options);
  const page = await bench.openPage();
  for (const transport of transports) {
    await page.run("open", "peer", optionsFor(server, transport));
    await page.run("oneByOne", 200, request);
    await page.run("close");
  }
  await page.close();
  return server;
}

// Slow and long lines, servers that go away, and sockets that are of no use: the client beside
// cometd.js with its AckExtension, each on a line of its own, against CometD on Jetty. It must not
// be later than 1.25 times cometd.js.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { request } from "../sample.mjs";
import { Player, sleep, startServer, table } from "./scene.mjs";

const times = 1.25;
const slack = 600; // ms, for timers and a busy machine
const attempts = 3000; // ms: while somebody waits they are up to 2 s apart, so luck decides within that

const holding = { holdAck: true };
// A session must outlive a reply that takes long to arrive, and the next connect, which may take
// three of the longest round trips.
const agents = { agents: true, maxIntervalMS: 30_000 };
const servers = {
  "CometD 9": await startServer("cometd-9", agents, holding),
  "CometD 9, without acknowledged delivery": await startServer(
    "cometd-9",
    { ...agents, noAck: true },
    holding,
  ),
  "CometD 3.1": await startServer("cometd-3.1", { maxIntervalMS: 30_000 }, holding),
};

const report = table(["scene", "ours ms", "cometd.js ms", "ratio", "reconnects"]);

const websocket = ["websocket"];
const longPolling = ["long-polling"];
const both = ["websocket", "long-polling"];
const peer = "cometd.js";

/**
 * @typedef {object} Scene
 * @property {string} name
 * @property {string[]} transports of the clients
 * @property {string[]} [hosts] of ours; default: the Worker
 * @property {string} [server] default: CometD 9
 * @property {(player: Player) => Promise<{ ms: number, error?: string }>} play what is measured
 * @property {number} [roundTripMS] of the line on which the client is opened; default: 0
 * @property {boolean} [opens] whether to open the client is part of it
 * @property {number} [least] ms: a bound that is right even if cometd.js is luckier
 * @property {number} [most] ms: what is neither done nor failed then has failed
 * @property {number} [alone] ms: the bound where cometd.js does not get through; default: 20,000
 * @property {boolean} [calm] whether to reconnect or to abort a request is a fault there
 */

/** @type {Scene[]} */
const scenes = [
  ...[websocket, longPolling].flatMap((transports) => [
    {
      name: "A1: 16 kB/s, 64 kB in 64 events, the acknowledgement behind them",
      transports,
      hosts: transports === longPolling ? ["worker", "in place"] : ["worker"],
      play: behind({ rate: 16_000, count: 64, size: 940 }),
      calm: true,
    },
    {
      name: "A2: 16 kB/s, 120 kB in one event",
      transports,
      hosts: transports === websocket ? ["worker", "in place"] : ["worker"],
      play: behind({ rate: 16_000, count: 1, size: 120_000 * expanded(transports) }),
    },
    {
      name: "A2: 100 kB/s, 600 kB in one event",
      transports,
      play: behind({ rate: 100_000, count: 1, size: 600_000 * expanded(transports) }),
    },
    {
      name: "A3: round trip 3.2 s",
      transports,
      opens: true,
      most: 90_000,
      play: far,
      calm: true,
    },
    {
      name: "A3: the round trip grows to 3.2 s",
      transports,
      // Before, it is not so short that Chromium has one connection or two by chance.
      roundTripMS: 20,
      play: async (player) => {
        await player.door.call("line", { roundTripMS: 3200 });
        return acknowledged(player);
      },
    },
  ]),
  ...[both, longPolling].flatMap((transports) => [
    {
      name: "A5: the server away for 6.5 s",
      transports,
      least: attempts,
      play: away(6500),
    },
    {
      name: "A5: the server away for 12 s",
      transports,
      least: slower(transports),
      play: away(12_000),
    },
    {
      name: "A5: the server away for 6.5 s, and its sessions with it",
      transports,
      least: slower(transports),
      play: away(6500, forgotten),
    },
  ]),
  {
    name: "A1: the same",
    server: "CometD 3.1",
    transports: longPolling,
    play: behind({ rate: 16_000, count: 64, size: 940 }),
    calm: true,
  },
  {
    name: "A2: 16 kB/s, 120 kB in one event",
    server: "CometD 9, without acknowledged delivery",
    transports: websocket,
    play: behind({ rate: 16_000, count: 1, size: 120_000 * expanded(websocket) }),
  },
];

/** @type {Scene[]} */
const sockets = [
  {
    name: "A7: upgrades are swallowed",
    transports: both,
    opens: true,
    most: 10_000,
    alone: 2500,
    play: opened({ fate: "swallowed" }),
  },
  ...[0, 1, 2].map((after) => ({
    name: `A10: each socket dies in place of message ${after + 1}`,
    transports: both,
    opens: true,
    most: 10_000,
    alone: 4000,
    play: opened({ fate: "dying", after }),
  })),
  {
    name: "A10: each socket dies at once, in a session that was established",
    transports: both,
    most: 10_000,
    alone: 8000,
    play: async (player) => {
      await player.door.call("sockets", { fate: "dying", after: 0 });
      await player.door.call("cut");
      await sleep(1000); // it has noticed by then
      return acknowledged(player);
    },
  },
];

describe("slow lines", { concurrency: scenes.length }, () => {
  for (const scene of scenes) define(scene);
});

// One after the other: to open a client takes longer beside others.
describe("sockets of no use", () => {
  for (const scene of sockets) define(scene);

  it("A7: what has worked is remembered for the next page", async () => {
    const player = await Player.make(servers["CometD 9"], "worker", { transports: both });
    try {
      await player.door.call("sockets", { fate: "swallowed" });
      const first = await player.openNow();
      // The quickest of three: a busy machine slows down any of them.
      let second = first;
      for (let i = 0; i < 3 && !first.error && !second.error && second.ms >= first.ms - 500; i++) {
        await player.page.reload();
        second = await player.openNow();
      }
      const how = `the page before: ${cell(first)} ms`;
      report(title({ name: "A7: the next page" }, "worker"), cell(second), "", "", how);
      assert.equal(first.error ?? second.error, undefined);
      assert.ok(second.ms < first.ms - 500, `${cell(second)} ms, after ${cell(first)} ms`);
    } finally {
      await player.close();
    }
  });
});

/**
 * The bound after an outage. Chromium holds back WebSockets after failures: then long-polling is
 * there first, and the session moves some seconds later.
 */
function slower(transports) {
  return transports === both ? 9000 : attempts;
}

/** How much text makes so many bytes on the line: sockets compress it. */
function expanded(transports) {
  return transports === websocket ? 1.25 : 1;
}

let channels = 0;

/** Defines the test that plays a scene with all its clients at once. */
function define(scene) {
  const {
    name,
    transports,
    hosts = ["worker"],
    server = "CometD 9",
    least = 0,
    alone = 20_000,
    calm,
  } = scene;
  it(`${name}: ${transports.join(", ")}; ${server}`, async () => {
    const players = await Promise.all([peer, ...hosts].map((subject) => cast(scene, subject)));
    let theirs;
    let ours;
    try {
      [theirs, ...ours] = await Promise.all(players.map((player) => played(scene, player)));
    } finally {
      await Promise.all(players.map((player) => player.close()));
    }
    hosts.forEach((host, i) => {
      const ratio = theirs.error || ours[i].error ? "" : (ours[i].ms / theirs.ms).toFixed(2);
      const given = `${gaveUp(ours[i])}; ${peer}: ${gaveUp(theirs)}`;
      report(title(scene, host), cell(ours[i]), cell(theirs), ratio, given);
    });
    const limit = theirs.error ? alone : Math.max(least, times * theirs.ms + slack);
    assert.ok(limit, `cometd.js fails, and there is no other bound: ${theirs.error}`);
    for (const { ms, error, reconnects, aborted } of ours) {
      assert.equal(error, undefined);
      assert.ok(ms <= limit, `${Math.round(ms)} ms, and at most ${Math.round(limit)} are right`);
      if (calm) {
        assert.equal(reconnects, 0);
        assert.ok(aborted <= 1, `${aborted} requests aborted: more than a probe`);
      }
    }
  });
}

/** A client for a scene: connected, unless that is part of the scene. */
async function cast({ transports, server = "CometD 9", opens, roundTripMS }, subject) {
  const options = { transports, channels: opens ? [] : [`/scene/${++channels}`] };
  const player = await Player.make(servers[server], subject, options);
  if (roundTripMS) await player.door.call("line", { roundTripMS });
  if (!opens) await player.open();
  return player;
}

/** Plays a scene with one client. @returns what was measured, and how often it gave up a connection */
async function played({ play, most = 45_000 }, player) {
  const before = await player.counts();
  const result = await atMost(most, play(player));
  const { sockets, aborted } = await player.counts();
  return {
    ...result,
    reconnects: await player.run("reconnects"),
    sockets: sockets - before.sockets,
    aborted: aborted - before.aborted,
  };
}

/** A completion on a slow line, whose acknowledgement comes behind other events. */
function behind({ rate, count, size }) {
  return async (player) => {
    await player.door.call("line", { rate });
    const [channel] = player.options.channels;
    return acknowledged(player, () => player.door.call("publish", { channel, count, size }));
  };
}

/** A completion on a line that was long already when the client was opened. */
async function far(player) {
  await player.door.call("line", { roundTripMS: 3200 });
  const opening = await player.openNow();
  return opening.error ? opening : acknowledged(player);
}

/** A completion when the server is back, over the transport that there was before. */
function away(ms, meanwhile = () => {}) {
  return async (player) => {
    await player.door.call("refuse", true);
    await player.door.call("cut");
    await meanwhile(player);
    await sleep(ms);
    await player.door.call("refuse", false);
    const from = performance.now();
    const { error } = await acknowledged(player);
    if (error) return { ms: 0, error };
    const again = await player.run("connectedOver", player.options.transports[0], 12_000);
    return { ms: performance.now() - from, ...(again.error && { error: again.error }) };
  };
}

/** Has the server lose the session of a client. */
function forgotten(player) {
  return player.door.call("expire", { channel: player.options.channels[0] });
}

/** The opening of a client whose sockets fare so, and a completion. */
function opened(sockets) {
  return async (player) => {
    await player.door.call("sockets", sockets);
    const opening = await player.openNow();
    if (opening.error) return opening;
    const completion = await acknowledged(player);
    return { ...completion, ms: opening.ms + completion.ms };
  };
}

/** A completion whose acknowledgement is sent once it is accepted, and `first` is done. */
async function acknowledged(player, first = () => {}) {
  const referenceId = crypto.randomUUID();
  const completion = player.complete({ ...request, referenceId });
  const release = async () => {
    await player.accepted(referenceId);
    await first();
    await player.door.call("ack", { referenceId });
    return completion;
  };
  return Promise.race([completion, release()]);
}

/** A client that neither succeeds nor fails has failed. */
function atMost(ms, result) {
  return Promise.race([result, sleep(ms).then(() => ({ ms, error: `nothing after ${ms} ms` }))]);
}

function title({ name, transports = both, server }, host) {
  return [name, transports.join(" or "), host, server].filter(Boolean).join("; ");
}

function cell({ ms, error }) {
  if (!error) return String(Math.round(ms));
  const [code] = error.match(/^[A-Z_]+(?=:)/) ?? [error.slice(0, 40).replaceAll("|", "/")];
  return code;
}

function gaveUp({ reconnects, sockets, aborted }) {
  return `${sockets} sockets, ${aborted} aborted, ${reconnects} times reconnecting`;
}

// Reloads a page, and breaks its connections, at random while it completes records with the option
// journal, against CometD on Jetty; and looks whether an answer is lost.
//
//   node chaos.mjs [seed]     from which it follows what happens; default: 1
//
// Needs TEST_SERVER: `make chaos` sees to that. Exit status 1 if a call that GWS has accepted
// does not come to its end, or comes to another one.

import { launchBrowser } from "./test/browser.mjs";
import { InteropServer } from "./test/interop.mjs";
import { request } from "./test/sample.mjs";
import { startSite } from "./test/site.mjs";

const seed = Number(process.argv[2] ?? 1);
if (!Number.isInteger(seed)) {
  console.error("usage: node chaos.mjs [seed], an integer");
  process.exit(1);
}
const steps = 60;
const longestPause = 60; // ms, between two of them
const percent = 20; // of the frames, each with its connection, while some are lost
const delays = [0, 1, 20, 300, 1500]; // ms, from the POST to the event
const patience = 20_000; // ms, for the answers at the end

const site = await startSite();
const browser = await launchBrowser();
try {
  for (const transport of ["websocket", "long-polling"]) {
    const server = await InteropServer.start("cometd-9", { maxIntervalMS: 120_000 });
    const context = await browser.createBrowserContext();
    try {
      await chaos(await context.newPage(), server, transport);
    } finally {
      await context.close();
      await server.call("close");
    }
  }
} finally {
  await browser.close();
  await site.close();
}

async function chaos(page, server, transport) {
  const random = numbers(seed);
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  const count = { completions: 0, reloads: 0, cuts: 0 };
  const lose = async (percent) => {
    count.cuts += await server.call("lose", { percent, seed: random(1e6) });
  };
  const open = async () => {
    await lose(0);
    await page.goto(new URL("/strict", site.url).href);
    await page.evaluate(openClient, {
      baseUrl: server.url,
      transports: [transport],
      journal: true,
      logLevel: "info",
    });
  };
  const reload = () => {
    count.reloads++;
    return open();
  };
  const happenings = [
    [9, () => page.evaluate(complete, random(3) + 1, request)],
    [3, () => server.call("set", { ackDelayMS: delays[random(delays.length)] })],
    [3, async () => (count.cuts += await server.call("cut"))],
    [1, () => lose(percent)],
    [1, () => lose(0)],
    [3, reload],
  ].flatMap(([often, run]) => Array(often).fill(run));

  await open();
  for (let step = 0; step < steps; step++) {
    await happenings[random(happenings.length)]();
    await new Promise((done) => setTimeout(done, random(longestPause)));
  }
  await open();
  const { left, ended } = await page.evaluate(theEnd, patience);
  const acknowledged = Object.values(ended).filter((how) => how === "acknowledged").length;
  const right = /^acknowledged$| (unknown|not-sent)$/;
  const wrong = Object.entries(ended).filter(([, how]) => !right.test(how));
  const lost = left.filter(({ delivery }) => delivery === "accepted");
  console.log(
    `seed ${seed}, ${transport}: ${acknowledged} acknowledged, ` +
      `${Object.keys(ended).length - acknowledged} ended with an error, ` +
      `${left.length} left without an answer, ${lost.length} of them accepted; ` +
      `${count.reloads} reloads, ${count.cuts} connections cut`,
  );
  if (lost.length > 0 || wrong.length > 0) {
    console.error("lost:", lost, "wrong:", wrong, "the pages said:", said.join("\n"));
    process.exitCode = 1;
  }
}

/** Runs in the page: makes the client, and notes what becomes of the calls of earlier pages. */
async function openClient(options) {
  const { createClient } = await import("/dist/index.js");
  const client = await createClient(options);
  const note = (referenceId, settled) =>
    settled.then(
      () => localStorage.setItem(referenceId, "acknowledged"),
      ({ code, delivery }) => localStorage.setItem(referenceId, `${code} ${delivery}`),
    );
  globalThis.chaos = { client, note };
  for (const { referenceId, settled } of await client.unsettled()) note(referenceId, settled);
}

/** Runs in the page. */
function complete(many, request) {
  const { client, note } = globalThis.chaos;
  for (let i = 0; i < many; i++) {
    const referenceId = crypto.randomUUID();
    note(referenceId, client.completeRecord({ ...request, referenceId }));
  }
}

/** Runs in the page: waits for the answers that must still come. */
async function theEnd(patience) {
  const deadline = Date.now() + patience;
  for (;;) {
    const calls = await globalThis.chaos.client.unsettled();
    if (Date.now() > deadline || calls.every(({ delivery }) => delivery === "unknown")) {
      const left = calls.map(({ referenceId, delivery }) => ({ referenceId, delivery }));
      return { left, ended: { ...localStorage } };
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Random numbers below a bound, from a seed: xorshift. */
function numbers(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

// How long it takes to connect where the code is loaded already: each time in a page that was loaded
// again, over a line that nobody has used before.

import { untilCached } from "./cold-and-warm.mjs";
import { caseOf, casesOf, lineTo, optionsFor, startServer, subjects } from "./lines.mjs";
import { grouped, interleave } from "./numbers.mjs";

export async function measureConnecting(bench, rounds) {
  const server = await startServer(bench);
  const pages = {};
  try {
    for (const subject of subjects) {
      pages[subject] = await bench.openTab();
      await connect(pages[subject], server, { transport: "websocket", roundTrip: 0, subject });
    }
    await untilCached();
    const measured = await interleave(rounds, casesOf("connecting"), async (name) => {
      const { subject, ...how } = caseOf(name);
      await pages[subject].page.reload();
      return { connected: await connect(pages[subject], server, { subject, ...how }) };
    });
    return grouped(measured);
  } finally {
    await Promise.all(Object.values(pages).map((page) => page.close()));
    await server.call("close");
  }
}

/** @returns {Promise<number>} how long it took, in ms */
async function connect(page, server, { transport, roundTrip, subject }) {
  await page.run("load", subject);
  const line = await lineTo(server, roundTrip);
  try {
    const took = await page.run("open", subject, optionsFor(line, transport));
    await page.run("close");
    return took;
  } finally {
    await line.call("close");
  }
}

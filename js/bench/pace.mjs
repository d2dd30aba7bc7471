// Completions at the pace of an agent: the next one follows a while after the last one is
// acknowledged. Each client stays connected, over a line of its own.

import { request } from "../test/sample.mjs";
import {
  caseOf,
  casesOf,
  lineTo,
  optionsFor,
  setLine,
  startServer,
  subjects,
  transports,
} from "./lines.mjs";
import { grouped, interleave, quantile } from "./numbers.mjs";

export const pause = 30; // ms, between two completions
const timed = 20; // completions, a round
const warmUp = 3;

export async function measurePace(bench, rounds) {
  // Each is an agent of its own, so that none hears of another one's records.
  const server = await startServer(bench, { agents: true });
  const clients = {};
  try {
    for (const transport of transports) {
      for (const subject of subjects) {
        const page = await bench.openPage();
        const line = await lineTo(server, 0);
        clients[`${transport}/${subject}`] = { page, line };
        await page.run("open", subject, optionsFor(line, transport));
        await page.run("oneByOne", timed, request);
      }
    }
    const measured = await interleave(rounds, casesOf("pace"), async (name) => {
      const { transport, roundTrip, subject } = caseOf(name);
      const { page, line } = clients[`${transport}/${subject}`];
      await setLine(line, roundTrip);
      await page.run("oneByOne", warmUp, request, pause);
      const times = await page.run("oneByOne", timed, request, pause);
      await setLine(line, 0);
      return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
    });
    return grouped(measured);
  } finally {
    await Promise.all(Object.values(clients).map(({ page }) => page.close()));
    await server.call("close");
  }
}

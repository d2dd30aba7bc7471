// How long it takes from the navigation to a page until its client is connected: cold, with nothing
// in the browser's caches, and warm. The page, its scripts and the module come over a line
// of their own with the same round trip, and no connection is there before.

import { coldAndWarm } from "./cold-and-warm.mjs";
import { caseOf, casesOf, lineTo, optionsFor, roundTrips, startServer } from "./lines.mjs";
import { grouped } from "./numbers.mjs";

export async function measureNavigation(bench, rounds) {
  const server = await startServer(bench);
  const ways = {};
  try {
    for (const roundTrip of roundTrips.navigation) {
      ways[roundTrip] = {
        site: await lineTo(bench.site, roundTrip),
        server: await lineTo(server, roundTrip),
      };
    }
    const wayOf = (name) => ways[caseOf(name).roundTrip];
    const measured = await coldAndWarm(rounds, casesOf("navigation"), {
      async open(name) {
        const { transport, subject } = caseOf(name);
        const way = wayOf(name);
        const options = { ...optionsFor(way.server, transport), worker: subject === "worker" };
        await disconnected(way);
        return bench.openPage(addressOf(way.site, subject, options));
      },
      async start({ page }) {
        const took = await page.evaluate(() => globalThis.connected);
        await page.evaluate(() => globalThis.client.close());
        return took;
      },
      async reload({ page }, name) {
        await disconnected(wayOf(name));
        await page.reload();
      },
    });
    return grouped(measured);
  } finally {
    for (const { site } of Object.values(ways)) await site.call("close");
    await server.call("close");
  }
}

/** Has the browser make new connections, as it must when nobody was here for a while. */
async function disconnected({ site, server }) {
  await Promise.all([site.call("cut"), server.call("cut")]);
}

function addressOf(site, subject, options) {
  const path = subject === "peer" ? "peer" : "project";
  return `${site.url}/navigation/${path}#${encodeURIComponent(JSON.stringify(options))}`;
}

/** The pages, by path: one has the project, the other the peer. They know their options from the fragment. */
export const pages = {
  "/navigation/project": page("createClient", "/dist/index.js"),
  "/navigation/peer": page("connect", "/bench/peer.js"),
};

function page(connect, from) {
  return `<!doctype html><html lang="en"><title>Navigation</title><script type="module">
import { ${connect} } from "${from}";
const options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
globalThis.connected = ${connect}(options).then((client) => {
  globalThis.client = client;
  return performance.now();
});
</script></html>`;
}

// How long it takes from the navigation to a page until its client is connected: cold, with nothing
// in the browser's caches, and warm. The page, its scripts and the module come over a line of their own,
// compressed, and no connection is there before.

import { startSite } from "../test/site.mjs";
import { coldAndWarm } from "./cold-and-warm.mjs";
import {
  caseOf,
  casesOf,
  lineTo,
  optionsFor,
  roundTrips,
  siteRoundTrip,
  startServer,
} from "./lines.mjs";
import { grouped } from "./numbers.mjs";
import { brotliOf, shipped } from "./size.mjs";

/** @param {URL} peer the peer's file */
export async function measureNavigation(bench, rounds, peer) {
  const site = await startSiteInUse(peer);
  const server = await startServer(bench);
  const ways = {};
  try {
    for (const roundTrip of roundTrips.navigation) {
      ways[roundTrip] = {
        site: await lineTo(site.url, siteRoundTrip ?? roundTrip),
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
    for (const way of Object.values(ways)) await way.site.call("close");
    await server.call("close");
    await site.close();
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

/** A site with a page for the project and one for the peer, whose files are compressed, and for browsers to keep. */
async function startSiteInUse(peer) {
  const site = await startSite({ cached: true });
  site.files.set("/navigation/project", page("createClient", "/dist/index.js"));
  site.files.set("/navigation/peer", page("connect", "/bench/peer.js"));
  const files = { "/bench/peer.js": peer };
  for (const [name, file] of Object.entries(shipped)) files[`/dist/${name}`] = file;
  for (const [path, file] of Object.entries(files)) {
    site.files.set(path, { encoding: "br", body: await brotliOf(file) });
  }
  return site;
}

/** A page that knows the options from the fragment of its URL. */
function page(connect, from) {
  const body = `<!doctype html><html lang="en"><title>Navigation</title><script type="module">
import { ${connect} } from "${from}";
const options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
globalThis.connected = ${connect}(options).then((client) => {
  globalThis.client = client;
  return performance.now();
});
</script></html>`;
  return { type: "text/html; charset=utf-8", body };
}

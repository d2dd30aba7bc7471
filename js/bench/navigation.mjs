// How long it takes from the navigation to a page until its client is connected: cold, from a site and a
// server that the browser has never seen, and warm. The page, its scripts and the module come over a line of their own,
// compressed, and no connection is there before.

import { startSite } from "../test/site.mjs";
import { coldAndWarm } from "./cold-and-warm.mjs";
import { caseOf, casesOf, lineTo, optionsFor, siteRoundTrip, startServer } from "./lines.mjs";
import { grouped } from "./numbers.mjs";
import { brotliOf, shipped } from "./size.mjs";

/** @param {URL} peer the peer's file */
export async function measureNavigation(bench, rounds, peer) {
  const site = await startSiteInUse(peer);
  const server = await startServer(bench);
  const ways = {};
  const closeWay = (name) =>
    Promise.all(Object.values(ways[name] ?? {}).map((way) => way.call("close")));
  try {
    const measured = await coldAndWarm(rounds, casesOf("navigation"), {
      async open(name) {
        const { transport, subject, roundTrip } = caseOf(name);
        await closeWay(name);
        const way = {
          site: await lineTo(site.url, siteRoundTrip ?? roundTrip),
          server: await lineTo(server, roundTrip),
        };
        ways[name] = way;
        const options = { ...optionsFor(way.server, transport), worker: subject === "worker" };
        return bench.openTab(addressOf(way.site, subject, options));
      },
      async start({ page }) {
        const took = await page.evaluate(() => globalThis.connected);
        await page.evaluate(() => globalThis.client.close());
        return took;
      },
      async reload({ page }, name) {
        // The browser is to make new connections, as it must when nobody was here for a while.
        await Promise.all(Object.values(ways[name]).map((way) => way.call("cut")));
        await page.reload();
      },
    });
    return grouped(measured);
  } finally {
    await Promise.all(Object.keys(ways).map(closeWay));
    await server.call("close");
    await site.close();
  }
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

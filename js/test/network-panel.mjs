// What the network panel of Chromium's developer tools shows of the POSTs of records.

const count = 12;

/**
 * Takes part in a session of the DevTools protocol that sees the requests.
 *
 * @param {import("puppeteer-core").CDPSession} network
 * @returns {Promise<{ count: number, ends: Promise<string[]> }>} how many POSTs it waits for, and
 *   how each ended: "finished", or the error that the panel shows
 */
export async function watchPosts(network) {
  const posts = new Set();
  const all = [];
  const ends = new Promise((resolve) => {
    const end = (requestId, how) => {
      if (posts.delete(requestId) && all.push(how) === count) resolve(all);
    };
    network.on("Network.requestWillBeSent", ({ requestId, request }) => {
      if (request.method === "POST" && request.url.includes("/outbound-records/")) {
        posts.add(requestId);
      }
    });
    network.on("Network.loadingFinished", ({ requestId }) => end(requestId, "finished"));
    network.on("Network.loadingFailed", ({ requestId, errorText, canceled }) =>
      end(requestId, canceled ? "canceled" : errorText),
    );
  });
  await network.send("Network.enable");
  return { count, ends };
}

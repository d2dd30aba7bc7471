// @ts-check

/**
 * @typedef {object} PostTimes one POST of an operation as the browser timed it
 * @property {string} path the end of its URL, decoded, such as /outbound-records/12
 * @property {number} sentAt in ms, on the clock of performance.now()
 * @property {number} answeredAt in ms, likewise: the end of the response
 * @property {number | null} status HTTP status; 0 if there was none, null if the browser, as
 *   WebKit, does not say
 */

/**
 * Reports every POST of the Outbound API, as soon as the browser has its times: shortly after
 * the response, so an acknowledgement may well be known before. It sees the page's own requests
 * only, not those of a worker.
 *
 * @param {(times: PostTimes) => void} report
 * @returns {void}
 */
export function watchPosts(report) {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!(entry instanceof PerformanceResourceTiming)) continue;
      const path = /\/outbound-(records|campaigns)(\/[^/?]+)?$/.exec(entry.name)?.[0];
      if (!path) continue;
      report({
        path: decodeURIComponent(path),
        sentAt: entry.startTime,
        answeredAt: entry.responseEnd,
        status: entry.responseStatus ?? null,
      });
    }
  });
  observer.observe({ type: "resource", buffered: true });
}

// The engine that the tests run in: how it differs from the others.

/** "chromium", "firefox" or "webkit": the environment variable ENGINE. */
export const engine = process.env.ENGINE || "chromium";

/**
 * What some engine lacks that a test needs, with the reason: for testInPage's
 * option `needs`.
 */
export const lacking = {
  colorScheme: {
    firefox: "WebDriver BiDi cannot choose the color scheme",
    webkit: "WebDriver cannot choose the color scheme",
  },
  narrowWindow: {
    webkit: "the window of MiniBrowser is 447 pixels wide or more",
  },
  devTools: {
    firefox: "the DevTools protocol is Chromium's; WebDriver BiDi has no such command",
    webkit: "the DevTools protocol is Chromium's; WebDriver has no such command",
  },
  workerList: {
    webkit: "WebDriver does not tell of Workers",
  },
  workerConsole: {
    webkit: "WebDriver does not tell what a Worker prints",
  },
  lastWords: {
    firefox:
      "it has closed the page's WebSocket by pagehide, and its Worker hears nothing any more",
    webkit: "it ends the page's Worker before what that sends at pagehide has left it",
  },
  pages: {
    webkit: "its driver has one page at a time",
  },
  pageCache: {
    firefox: "it keeps no page with an open WebSocket or a Web Lock, its Workers' included",
  },
  trustedTypes: {
    firefox: "it has no Trusted Types yet",
    webkit: "it has no Trusted Types yet",
  },
  networkLog: {
    webkit: "WebDriver does not tell what a page requests",
  },
};

/** What engines print on the console by themselves of a request or WebSocket that failed. */
export const failures = new RegExp(
  [
    "Failed to load resource", // Chromium
    "WebSocket connection to",
    "blocked by CORS policy",
    "Cross-Origin Request Blocked", // Firefox
    "can’t establish a connection to the server at ws:",
    "The connection to ws:\\S+ was interrupted",
  ].join("|"),
);

// Runs in the test's page: complains in every way that a page can. As a file
// of its own, since Chromium does not tell the page of a promise that a
// driver's script rejects.

/** Resolves when everything was said. */
export async function complain() {
  const complained = ["error", "unhandledrejection", "securitypolicyviolation"].map(
    (type) => new Promise((resolve) => addEventListener(type, resolve, { once: true })),
  );
  console.debug("by the way");
  console.error("on the console", 1);
  setTimeout(() => {
    throw new TypeError("out of a timer");
  });
  Promise.reject(new RangeError("out of a promise"));
  new Image().src = "http://127.0.0.1:1/";
  await Promise.all(complained);
}

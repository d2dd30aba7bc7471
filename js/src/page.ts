import type { Link } from "./link.js";

/** Tells the program what happens to the page, or whatever the scope is; returns what ends that. */
export function watchPage(link: Link): () => void {
  const watching = new AbortController();
  const options = { __proto__: null, signal: watching.signal } as AddEventListenerOptions;
  const wake = () => link.send({ kind: "wake" });
  addEventListener("online", wake, options);
  addEventListener("offline", wake, options);
  addEventListener("pageshow", wake, options);
  // What goes to the back/forward cache may come back: the session is kept.
  const hide = ({ persisted }: PageTransitionEvent) => persisted || link.send({ kind: "leave" });
  addEventListener("pagehide", hide, options);
  const { document } = globalThis;
  document?.addEventListener("resume", wake, options);
  const see = () => document.visibilityState === "visible" && wake();
  document?.addEventListener("visibilitychange", see, options);
  return () => watching.abort();
}

import type { Link } from "./link.js";

/** Tells the program what happens to the page, or whatever the scope is; returns what ends that. */
export function watchPage(link: Link): () => void {
  const watching = new AbortController();
  const { signal } = watching;
  const wake = () => link.send({ kind: "wake" });
  addEventListener("online", wake, { signal });
  addEventListener("offline", wake, { signal });
  addEventListener("pageshow", wake, { signal });
  // What goes to the back/forward cache may come back: the session is kept.
  const hide = ({ persisted }: PageTransitionEvent) => persisted || link.send({ kind: "leave" });
  addEventListener("pagehide", hide, { signal });
  const { document } = globalThis;
  document?.addEventListener("resume", wake, { signal });
  const see = () => document.visibilityState === "visible" && wake();
  document?.addEventListener("visibilitychange", see, { signal });
  return () => watching.abort();
}

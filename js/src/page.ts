import { AbortController } from "./builtins.js";
import type { Link } from "./link.js";
import { isOutlived } from "./outlived.js";

/** Tells the program what happens to the page, or whatever the scope is; returns what ends that. */
export function watchPage(link: Link): () => void {
  const watching = new AbortController();
  const options = { __proto__: null, signal: watching.signal } as AddEventListenerOptions;
  const wake = () => link.send({ kind: "wake" });
  addEventListener("online", wake, options);
  addEventListener("offline", wake, options);
  // Another agent may have signed in while the page was in the back/forward cache, or hidden.
  const seen = () => link.send({ kind: "seen" });
  const show = ({ persisted }: PageTransitionEvent) => (persisted ? seen() : wake());
  addEventListener("pageshow", show, options);
  // What goes to the back/forward cache may come back: the session is kept.
  const away = () => link.send({ kind: "away" });
  const hide = ({ persisted }: PageTransitionEvent) =>
    persisted ? away() : link.leave(isOutlived());
  addEventListener("pagehide", hide, options);
  const { document } = globalThis;
  document?.addEventListener("freeze", away, options);
  document?.addEventListener("resume", wake, options);
  const look = () => document.visibilityState === "visible" && seen();
  document?.addEventListener("visibilitychange", look, options);
  return () => watching.abort();
}

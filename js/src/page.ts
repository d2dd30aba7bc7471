import type { Handle } from "./protocol.js";

/** Tells a client what happens to the page, or whatever the scope is; returns what ends that. */
export function watchPage(handle: Handle): () => void {
  const watching = new AbortController();
  const { signal } = watching;
  const wake = () => handle.wake();
  addEventListener("online", wake, { signal });
  addEventListener("offline", wake, { signal });
  addEventListener("pageshow", wake, { signal });
  // What goes to the back/forward cache may come back: the session is kept.
  const hide = ({ persisted }: PageTransitionEvent) => persisted || handle.leave();
  addEventListener("pagehide", hide, { signal });
  const { document } = globalThis;
  document?.addEventListener("resume", wake, { signal });
  const see = () => document.visibilityState === "visible" && wake();
  document?.addEventListener("visibilitychange", see, { signal });
  return () => watching.abort();
}

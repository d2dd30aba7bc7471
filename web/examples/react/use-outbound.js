// A React hook around the client of gws-outbound.

import { createClient } from "gws-outbound";
import { useCallback, useEffect, useRef, useState } from "react";

/**
 * Keeps a client for as long as the component is mounted.
 *
 * @param {import("gws-outbound").ClientOptions} options a constant, or from
 *   useMemo: other options make another client
 * @returns {{
 *   state: import("gws-outbound").ClientState,
 *   reason?: string,
 *   completeRecord: import("gws-outbound").OutboundClient["completeRecord"],
 * }}
 */
export function useOutbound(options) {
  const [status, setStatus] = useState({ state: "connecting" });
  const promised = useRef();

  useEffect(() => {
    // Strict mode mounts twice, hot reloading whenever a file is saved: what a
    // mount has begun ends with it.
    const mounted = new AbortController();
    const { signal } = mounted;
    const client = createClient({ ...options, signal });
    promised.current = client;
    setStatus({ state: "connecting" });
    client.then(
      (made) => {
        made.addEventListener("statechange", ({ detail }) => setStatus(detail), { signal });
        setStatus({ state: made.state });
      },
      ({ message }) => {
        if (!signal.aborted) {
          setStatus({ state: "closed", reason: message });
        }
      },
    );
    return () => {
      mounted.abort();
      client.then(
        (made) => made.close(),
        () => {}, // there is none
      );
    };
  }, [options]);

  const completeRecord = useCallback(
    async (...args) => (await promised.current).completeRecord(...args),
    [],
  );
  return { state: status.state, reason: status.reason, completeRecord };
}

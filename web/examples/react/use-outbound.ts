// A React hook around the client of gws-outbound.

import {
  type ClientOptions,
  type ClientState,
  createClient,
  type OutboundClient,
} from "gws-outbound";
import { useCallback, useEffect, useRef, useState } from "react";

export interface Outbound {
  state: ClientState;
  /** Why it is not simply connected. */
  reason?: string | undefined;
  completeRecord: OutboundClient["completeRecord"];
}

/**
 * Keeps a client for as long as the component is mounted.
 *
 * @param options a constant, or from useMemo: other options make another client
 */
export function useOutbound(options: ClientOptions): Outbound {
  const [status, setStatus] = useState<Omit<Outbound, "completeRecord">>({ state: "connecting" });
  const promised = useRef<Promise<OutboundClient>>(undefined);

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
        setStatus({ state: made.state, reason: made.reason ?? undefined });
      },
      ({ message }: Error) => {
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

  const completeRecord = useCallback<OutboundClient["completeRecord"]>(async (...args) => {
    if (!promised.current) {
      throw new Error("the component is not mounted");
    }
    return (await promised.current).completeRecord(...args);
  }, []);
  return { ...status, completeRecord };
}

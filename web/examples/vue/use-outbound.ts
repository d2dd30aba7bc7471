// A Vue composable around the client of gws-outbound.

import {
  type ClientOptions,
  type ClientState,
  createClient,
  type OutboundClient,
} from "gws-outbound";
import { onScopeDispose, readonly, ref } from "vue";

/** Keeps a client for as long as the component, or the effect scope, lives. */
export function useOutbound(options: ClientOptions) {
  const state = ref<ClientState>("connecting");
  const reason = ref<string>();
  const alive = new AbortController();
  const { signal } = alive;

  const client = createClient({ ...options, signal });
  client.then(
    (made) => {
      state.value = made.state;
      reason.value = made.reason ?? undefined;
      made.addEventListener(
        "statechange",
        ({ detail }) => {
          state.value = detail.state;
          reason.value = detail.reason;
        },
        { signal },
      );
    },
    ({ message }: Error) => {
      state.value = "closed";
      reason.value = message;
    },
  );
  onScopeDispose(() => {
    alive.abort();
    client.then(
      (made) => made.close(),
      () => {}, // there is none
    );
  });

  const completeRecord: OutboundClient["completeRecord"] = async (...args) =>
    (await client).completeRecord(...args);
  return { state: readonly(state), reason: readonly(reason), completeRecord };
}

// One client for the whole page, made when a module first imports it.

import { createClient, type OutboundClient } from "gws-outbound";

let client: Promise<OutboundClient> | undefined;

/** Gives the page's client. One that could not be made is made again by the next who asks. */
export function outbound(): Promise<OutboundClient> {
  client ??= createClient({ baseUrl: "https://gws.example.com" }).catch((error) => {
    client = undefined;
    throw error;
  });
  return client;
}

// Vite, Vitest and others: the module that comes in place of this one makes its own.
import.meta.hot?.dispose(() => client?.then((made) => made.close()).catch(() => {}));

import type { StateChangeDetail } from "./api.js";
import { defaults } from "./options.js";
import type { Options } from "./remote-client.js";
import { pageOrigin } from "./url.js";

/**
 * Remembers over which transport a server was reached last, for the next page of this tab: that
 * one is tried first there. Where there is no sessionStorage, as in a Worker, it remembers nothing.
 */
export class TransportMemory {
  readonly #server: Options;

  /** Over what the page's own session reaches it is not the client's choice. */
  readonly #adopted: boolean;

  constructor({ baseUrl, cometdPath, cometd }: Options) {
    this.#server = { baseUrl, cometdPath };
    this.#adopted = cometd !== undefined && cometd !== null;
  }

  /** Throws where the options have what is no text, such as a symbol. */
  get #key(): string {
    const { baseUrl, cometdPath } = this.#server;
    const origin = baseUrl ?? pageOrigin();
    return `gws-outbound transport ${origin}${cometdPath ?? defaults.cometdPath}`;
  }

  /** The name of the transport, if there is one. It may be anything that a page has written there. */
  get first(): string | undefined {
    return this.#use((storage) => storage.getItem(this.#key)) ?? undefined;
  }

  /** Notes over what the server was reached. */
  note({ state, transport }: StateChangeDetail): void {
    if (state === "connected" && transport) {
      this.#use((storage) => storage.setItem(this.#key, transport));
    }
  }

  /** Forgets it, since the server could not be reached. */
  forget(): void {
    this.#use((storage) => storage.removeItem(this.#key));
  }

  // Storage that is blocked or full throws, as does the key of wrong options.
  #use<T>(what: (storage: Storage) => T): T | undefined {
    try {
      if (this.#adopted) {
        return undefined;
      }
      return what(globalThis.sessionStorage);
    } catch {
      return undefined;
    }
  }
}

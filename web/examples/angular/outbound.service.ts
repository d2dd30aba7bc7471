// An Angular service around the client of gws-outbound.

import { Injectable, type OnDestroy, signal } from "@angular/core";
import { type ClientState, createClient, type OutboundClient } from "gws-outbound";

@Injectable({ providedIn: "root" })
export class OutboundService implements OnDestroy {
  readonly state = signal<ClientState>("connecting");
  readonly reason = signal<string | undefined>(undefined);
  readonly #alive = new AbortController();
  readonly #client = createClient({
    baseUrl: "https://gws.example.com",
    signal: this.#alive.signal,
  });

  constructor() {
    this.#client.then(
      (made) => {
        this.state.set(made.state);
        this.reason.set(made.reason ?? undefined);
        made.addEventListener(
          "statechange",
          ({ detail }) => {
            this.state.set(detail.state);
            this.reason.set(detail.reason);
          },
          { signal: this.#alive.signal },
        );
      },
      ({ message }: Error) => {
        this.state.set("closed");
        this.reason.set(message);
      },
    );
  }

  completeRecord: OutboundClient["completeRecord"] = async (...args) =>
    (await this.#client).completeRecord(...args);

  ngOnDestroy(): void {
    this.#alive.abort();
    this.#client.then(
      (made) => made.close(),
      () => {}, // there is none
    );
  }
}

import type { ChannelEvent, ChannelListener, Subscription } from "./api.js";
import { NativeMap, reportError } from "./builtins.js";
import { unlessLeft } from "./outlived.js";
import { nothingSent } from "./program.js";
import type { RemoteClient } from "./remote-client.js";

/** The subscriptions of one client, by their numbers: the program keeps one at the server for each channel. */
export class Subscriptions {
  readonly #listeners = new NativeMap<number, ChannelListener>();

  /** Subscribes over `remote`. What is no channel and no listener, the program refuses. */
  async add(
    remote: RemoteClient,
    channel: string,
    listener: ChannelListener,
  ): Promise<Subscription> {
    let number = 0;
    try {
      await remote.subscribe(channel, listener, (given) => {
        number = given;
        this.#listeners.set(number, listener); // events may come before the word that it is granted
      });
    } catch (error) {
      this.#listeners.delete(number);
      throw error;
    }
    return {
      unsubscribe: () =>
        unlessLeft(
          nothingSent(),
          () => this.#end(remote, number),
          () => true,
        ),
    };
  }

  async #end(remote: RemoteClient, number: number): Promise<void> {
    if (this.#listeners.delete(number)) {
      await remote.unsubscribe(number);
    }
  }

  /** Gives an event to the listeners of these subscriptions; one that has just been ended is not called. */
  deliver(numbers: readonly number[], event: ChannelEvent): void {
    for (let i = 0; i < numbers.length; i++) {
      const listener = this.#listeners.get(numbers[i] as number);
      if (listener) {
        try {
          listener({ ...event });
        } catch (error) {
          reportError(error);
        }
      }
    }
  }

  /** Ends them all, since no event will come. */
  clear(): void {
    this.#listeners.clear();
  }
}

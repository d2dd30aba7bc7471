import type {
  ChannelListener,
  ClientState,
  ClientStats,
  CloseOptions,
  OutboundClient,
  StateChangeDetail,
  Subscription,
  Transport,
  UnsettledCall,
} from "./api.js";
import { CustomEvent, defineProperty, hasOwn, isArray, NativeMap } from "./builtins.js";
import type { OutboundError } from "./error.js";
import type { Given } from "./given.js";
import type { Link } from "./link.js";
import { own } from "./load-options.js";
import { methods } from "./methods.js";
import type { OutboundOperations } from "./operations.js";
import { unlessLeft } from "./outlived.js";
import { type Known, nothingSent } from "./program.js";
import { type Method, type Options, RemoteClient } from "./remote-client.js";
import type { SignIn } from "./sign-in.js";
import { Subscriptions } from "./subscriptions.js";
import { TransportMemory } from "./transport-memory.js";
import type { HeadersOption } from "./wire.js";

/** Ends the sessions of clients that were dropped. */
const dropped = /* @__PURE__ */ new FinalizationRegistry((remote: RemoteClient) =>
  remote.close().catch(() => {}),
);

/** Clients that somebody listens to: they live until they are closed. */
const listened = new Set<Client>();

/** An EventTarget that is given the operations, from their table, when the first client is made. */
const Base = EventTarget as { new (): EventTarget & OutboundOperations };

/** A client in Go, as JavaScript knows it. */
export class Client extends Base implements OutboundClient {
  // Not as the class is made: bundlers leave out a class that nobody uses only if making it does nothing.
  static #addOperations(): void {
    if (hasOwn(Client.prototype, methods[0])) {
      return;
    }
    for (let i = 0; i < methods.length; i++) {
      const method = methods[i] as Method;
      const value = {
        [method](this: Client, request: unknown, options?: unknown) {
          const known = nothingSent();
          return unlessLeft(known, () => this.#call(method, request, options, known));
        },
      }[method];
      defineProperty(Client.prototype, method, {
        __proto__: null,
        value,
        writable: true,
        configurable: true,
      } as PropertyDescriptor);
    }
  }

  #remote: RemoteClient | undefined;
  #state: ClientState = "connecting";
  #transport: Transport | null = null;
  #reason: string | null = null;
  #pending = 0;
  #listening = false;
  #journal = false;
  #memory: TransportMemory | undefined;
  readonly #subscriptions = new Subscriptions();
  /** Those of unsettled calls that were listed, while they are pending. */
  readonly #settled = new NativeMap<string, Promise<unknown>>();

  /** Connects a client over `link`, which nobody else uses if it is to be released; `given` are the options as they were passed. */
  static async connect(
    link: Link,
    options: Options,
    given: Given,
    headers: HeadersOption,
    signedIn: SignIn | undefined,
  ): Promise<Client> {
    Client.#addOperations();
    const client = new Client();
    // Whatever calls back knows the client only weakly: it can be dropped.
    const weak = new WeakRef(client);
    const tell = (what: (client: Client) => void) => {
      const living = weak.deref();
      living && what(living);
    };
    const memory = new TransportMemory(options);
    client.#memory = memory;
    const remote = new RemoteClient(
      link,
      options,
      {
        statechange: (detail) => {
          memory.note(detail);
          tell((client) => client.#change(detail));
        },
        notification: (channel, data) =>
          tell((client) => client.#dispatch("notification", { channel, data })),
        event: (numbers, channel, data) =>
          tell((client) => client.#subscriptions.deliver(numbers, { channel, data })),
        gap: (reason) => tell((client) => client.#dispatch("gap", { reason })),
      },
      () => {
        const reason = link.program.error(nothingSent()).message;
        tell((client) => client.#change({ state: "closed", transport: null, reason }));
        link.release();
      },
    );
    try {
      await remote.create(given, headers, signedIn, memory.first);
    } catch (error) {
      memory.forget();
      throw error;
    }
    client.#remote = remote;
    client.#journal = options.journal === true;
    dropped.register(client, remote);
    return client;
  }

  get state(): ClientState {
    return this.#state;
  }

  get transport(): Transport | null {
    return this.#transport;
  }

  get reason(): string | null {
    return this.#reason;
  }

  get host(): OutboundClient["host"] {
    return (this.#remote as RemoteClient).link.host;
  }

  get pending(): number {
    return this.#pending;
  }

  async #call(method: Method, request: unknown, options: unknown, known: Known): Promise<unknown> {
    const remote = this.#living();
    const fields = own(request, "request");
    const settings = own(options, "options");
    known.referenceId = referenceOf(fields);
    this.#pending++;
    let delivered = this.#journal;
    try {
      return await remote.call(method, fields, settings, known);
    } catch (error) {
      // Of a reference that is in flight, the other call has not come to its end.
      delivered &&= (error as OutboundError).code !== "INVALID_REQUEST";
      throw error;
    } finally {
      this.#pending--;
      if (delivered && known.referenceId !== undefined) {
        remote.delivered(known.referenceId);
      }
    }
  }

  #living(): RemoteClient {
    const remote = this.#remote as RemoteClient;
    if (remote.closed) {
      throw RemoteClient.closedError(nothingSent());
    }
    return remote;
  }

  stats(): Promise<ClientStats> {
    return unlessLeft(nothingSent(), () => this.#living().stats());
  }

  unsettled(): Promise<UnsettledCall[]> {
    return unlessLeft(nothingSent(), () => this.#list());
  }

  async #list(): Promise<UnsettledCall[]> {
    const remote = this.#living();
    const list: UnsettledCall[] = [];
    for (const call of await remote.unsettled()) {
      let settled = this.#settled.get(call.referenceId);
      if (!settled) {
        const { delivery, referenceId } = call;
        const known = { delivery, referenceId };
        settled = unlessLeft(known, () => this.#wait(remote, known));
        this.#settled.set(call.referenceId, settled);
        settled.catch(() => {}); // whoever ignores it does not want to hear of it
      }
      const { sentAt, answerableUntil: until } = call;
      list[list.length] = {
        ...call,
        sentAt: new Date(sentAt),
        answerableUntil: until === null ? null : new Date(until),
        settled,
      } as unknown as UnsettledCall;
    }
    return list;
  }

  async #wait(remote: RemoteClient, known: Known & { referenceId: string }): Promise<unknown> {
    const { referenceId } = known;
    try {
      return await remote.settled(referenceId, known);
    } catch (error) {
      // It was closed while it was being listed: the program does not know the client any more.
      const { code, referenceId: named } = error as OutboundError;
      throw code === "CLOSED" && named === undefined ? RemoteClient.closedError(known) : error;
    } finally {
      this.#settled.delete(referenceId);
      remote.delivered(referenceId);
    }
  }

  forget(referenceId: string): Promise<void> {
    return unlessLeft(nothingSent(), () => this.#living().forget(referenceId));
  }

  subscribe(channel: string, listener: ChannelListener): Promise<Subscription> {
    return unlessLeft(nothingSent(), () => {
      const remote = this.#living();
      if (this.#state !== "closed") {
        listened.add(this);
      }
      return this.#subscriptions.add(remote, channel, listener);
    });
  }

  close(options?: CloseOptions): Promise<void> {
    let given: CloseOptions | undefined;
    const ends = () => {
      given = own(options, "options");
      return given?.forget !== true;
    };
    return unlessLeft(nothingSent(), () => this.#close(given), ends);
  }

  async #close(given: CloseOptions | undefined): Promise<void> {
    await this.#remote?.close(given);
    if (given?.forget === true) {
      this.#memory?.forget();
    }
  }

  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
    if (!listener || this.#state === "closed") {
      return;
    }
    listened.add(this);
    if (type === "notification" && !this.#listening) {
      this.#listening = true;
      this.#remote?.listen();
    }
  }

  #change(detail: StateChangeDetail): void {
    this.#state = detail.state;
    this.#transport = detail.transport;
    this.#reason = detail.reason ?? null;
    if (detail.state === "closed") {
      listened.delete(this);
      this.#subscriptions.clear();
    }
    this.#dispatch("statechange", detail);
  }

  #dispatch(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The reference of a request, if it has one; otherwise it is given one. */
function referenceOf(fields: unknown): string | undefined {
  if (typeof fields !== "object" || fields === null || isArray(fields)) {
    return undefined;
  }
  const { referenceId } = fields as { referenceId?: unknown };
  return typeof referenceId === "string" ? referenceId : undefined;
}

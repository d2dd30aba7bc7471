import type {
  ClientState,
  CloseOptions,
  OutboundClient,
  StateChangeDetail,
  Transport,
  UnsettledCall,
} from "./api.js";
import { OutboundError } from "./error.js";
import { invalid, own } from "./load-options.js";
import { methods } from "./methods.js";
import type { OutboundOperations } from "./operations.js";
import type { Program } from "./program.js";
import {
  type GoOptions,
  type Known,
  type Method,
  nothingSent,
  Track,
  type Unsettled,
} from "./protocol.js";
import { newReference } from "./reference.js";
import { Session } from "./session.js";
import { TransportMemory } from "./transport-memory.js";

/** Ends the sessions of clients that were dropped. */
const dropped = new FinalizationRegistry((session: Session) => session.end().catch(() => {}));

/** Clients that somebody listens to: they live until they are closed. */
const listened = new Set<Client>();

/** An EventTarget that is given the operations, from their table, when the class is made. */
const Base = EventTarget as { new (): EventTarget & OutboundOperations };

/** A client in Go, as JavaScript knows it. */
export class Client extends Base implements OutboundClient {
  static {
    for (const method of methods) {
      const value = {
        async [method](this: Client, request: unknown, options?: unknown) {
          return this.#call(method, request, options);
        },
      }[method];
      Object.defineProperty(Client.prototype, method, {
        value,
        writable: true,
        configurable: true,
      });
    }
  }

  #session: Session | undefined;
  #state: ClientState = "connecting";
  #transport: Transport | null = null;
  #reason: string | null = null;
  #pending = 0;
  #listening = false;
  #journal = false;
  #memory: TransportMemory | undefined;
  /** Those of unsettled calls that were listed, while they are pending. */
  readonly #settled = new Map<string, Promise<unknown>>();

  /** Connects a client in `program`, which is not used otherwise if it is to be released. */
  static async connect(program: Program, options: GoOptions): Promise<Client> {
    const client = new Client();
    // Whatever calls back knows the client only weakly: it can be dropped.
    const weak = new WeakRef(client);
    const tell = (what: (client: Client) => void) => {
      const living = weak.deref();
      living && what(living);
    };
    const forget = program.onEnd(() => {
      const reason = program.error().message;
      tell((client) => client.#change({ state: "closed", transport: null, reason }));
      program.release();
    });
    const memory = new TransportMemory(options);
    client.#memory = memory;
    try {
      const { first } = memory;
      const known = first === undefined ? options : { ...options, firstTransport: first };
      const handle = await program.call(new Track(), () =>
        program.core.createClient(known, {
          statechange: (detail) => {
            memory.note(detail);
            tell((client) => client.#change(detail));
          },
          notification: (channel, data) =>
            tell((client) => client.#dispatch("notification", { channel, data: JSON.parse(data) })),
        }),
      );
      client.#session = new Session(program, handle, forget);
      client.#journal = options.journal === true;
      dropped.register(client, client.#session);
      return client;
    } catch (error) {
      memory.forget();
      forget();
      program.release();
      throw error;
    }
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

  get pending(): number {
    return this.#pending;
  }

  async #call(method: Method, request: unknown, options: unknown): Promise<unknown> {
    const session = this.#living();
    const fields = own(request, "request");
    const settings = own(options, "options");
    const track = new Track(referenceOf(fields));
    this.#pending++;
    let confirms = this.#journal;
    try {
      return await session.program.call(track, () =>
        session.handle.call(method, fields, settings, track),
      );
    } catch (error) {
      // Of a reference that is in flight, the other call has not come to its end.
      confirms &&= (error as OutboundError).code !== "INVALID_REQUEST";
      throw error;
    } finally {
      this.#pending--;
      const { referenceId } = track.known;
      if (confirms && referenceId !== undefined) {
        session.handle.delivered(referenceId);
      }
    }
  }

  #living(): Session {
    const session = this.#session as Session;
    if (session.ending) {
      throw closed(nothingSent);
    }
    return session;
  }

  async unsettled(): Promise<UnsettledCall[]> {
    const session = this.#living();
    const list = await session.program.call(new Track(), () => session.handle.unsettled());
    return list.map((call) => {
      let settled = this.#settled.get(call.referenceId);
      if (!settled) {
        settled = this.#wait(session, call);
        this.#settled.set(call.referenceId, settled);
        settled.catch(() => {}); // whoever ignores it does not want to hear of it
      }
      const { sentAt, answerableUntil: until } = call;
      return {
        ...call,
        sentAt: new Date(sentAt),
        answerableUntil: until === null ? null : new Date(until),
        settled,
      } as unknown as UnsettledCall;
    });
  }

  async #wait(session: Session, { referenceId, delivery }: Unsettled): Promise<unknown> {
    const track = new Track(referenceId);
    track.tell(delivery);
    if (session.ending) {
      throw closed(track.known); // while it was being listed
    }
    try {
      return await session.program.call(track, () => session.handle.settled(referenceId));
    } finally {
      this.#settled.delete(referenceId);
      session.handle.delivered(referenceId);
    }
  }

  async forget(referenceId: string): Promise<void> {
    const session = this.#living();
    await session.program.call(new Track(), () => session.handle.forget(referenceId));
  }

  async close(options?: CloseOptions): Promise<void> {
    const forget = forgets(options);
    const session = this.#session;
    if (forget && session?.program.ended && !session.ending) {
      throw session.program.error(); // nobody is there to forget
    }
    await session?.end(forget ? { forget } : undefined);
    if (forget) {
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
      this.#session?.handle.listen();
    }
  }

  #change(detail: StateChangeDetail): void {
    this.#state = detail.state;
    this.#transport = detail.transport;
    this.#reason = detail.reason ?? null;
    if (detail.state === "closed") {
      listened.delete(this);
    }
    this.#dispatch("statechange", detail);
  }

  #dispatch(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function closed(known: Known): OutboundError {
  return new OutboundError({ code: "CLOSED", message: "the client was closed", ...known });
}

/** The reference of a request; one that has none gets it here, where it outlives the program. */
function referenceOf(fields: unknown): string | undefined {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    return undefined;
  }
  const request = fields as { referenceId?: unknown };
  request.referenceId ??= newReference();
  return typeof request.referenceId === "string" ? request.referenceId : undefined;
}

/** Reads the options of close, each of which is refused by its name if it is wrong. */
function forgets(options: unknown): boolean {
  const given = own(options, "options");
  if (given === undefined || given === null) {
    return false;
  }
  if (typeof given !== "object" || Array.isArray(given)) {
    throw invalid("options", [{ field: "options", message: "must be an object" }]);
  }
  const { forget, ...unknown } = given as { forget?: unknown };
  const problems = Object.keys(unknown).map((field) => ({ field, message: "unknown option" }));
  if (forget !== undefined && forget !== null && typeof forget !== "boolean") {
    problems.unshift({ field: "forget", message: "must be true or false" });
  }
  if (problems.length > 0) {
    throw invalid("options", problems);
  }
  return forget === true;
}

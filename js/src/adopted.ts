// The page's own cometd.js as the session of a client. Here the page's end: it subscribes, and says what becomes of
// the session, and what comes of it. cometd.js keeps no subscription over a handshake, and says of none whether it has
// another one for the same channel: what follows is the same for its lines 3.1 to 9.

import type { CometDLike } from "./api.js";
import { isArray, NativeMap, NativeSet, setTimeout } from "./builtins.js";
import { Json, writeForeign } from "./json.js";
import { defaults } from "./options.js";
import { describe } from "./thrown.js";
import type { CometDOption, FromPage, PageSession } from "./wire.js";

const needed = [
  "getStatus",
  "isDisconnected",
  "subscribe",
  "unsubscribe",
  "addListener",
  "removeListener",
] as const;

/** Says of the option cometd whether it is of use. */
export function cometdOption(value: unknown): CometDOption {
  if (value === undefined || value === null) {
    return null;
  }
  if (typeof value !== "object" && typeof value !== "function") {
    return { refused: `must be a cometd.js object, got ${typeof value}` };
  }
  try {
    const missing: string[] = [];
    for (const name of needed) {
      if (typeof (value as CometDLike)[name] !== "function") {
        missing[missing.length] = `${name}()`;
      }
    }
    return missing.length === 0
      ? { adopted: true }
      : { refused: `must be a cometd.js object; it lacks ${list(missing)}` };
  } catch (thrown) {
    return { refused: `cannot be read: ${describe(thrown)}` };
  }
}

function list(names: string[]): string {
  let text = "";
  for (const name of names) {
    text += text ? `, ${name}` : name;
  }
  return text;
}

/** A Bayeux message as cometd.js hands it on. All of it is the server's, or the page's. */
type Message = { readonly [field: string]: unknown };

/** What is said to the Go program, but for the number of the client. */
type Said<M = FromPage> = M extends { kind: `page${string}`; client: number }
  ? Omit<M, "client">
  : never;

interface Subscription {
  readonly channel: string;
  /** Tells the latest from those before it, to which nobody listens any more; 0 where there is none. */
  attempt: number;
  handle: object;
  /** Whether it was sent to the server; the page may have had one for the same channel. */
  sent: boolean;
  granted: boolean;
  /** What the server has answered. */
  reply: unknown;
  pausing: boolean;
}

/** How long after a failure the server is asked again, in ms. */
const pause = 2000;

/** How soon a session is looked at again that is just connecting, in ms. */
const soon = 100;

export class AdoptedSession {
  readonly #cometd: CometDLike;
  readonly #say: (message: Said) => void;
  readonly #most: number;
  readonly #listeners: object[] = [];
  readonly #subscriptions = new NativeMap<string, Subscription>();
  /** The channels of which the server has answered in this session that they are subscribed to, by whomever. */
  readonly #confirmed = new NativeSet<string>();
  readonly #is: { -readonly [P in keyof PageSession]: PageSession[P] };
  /** Whether this session began while it was listened to: of one before, nobody knows what was confirmed. */
  #witnessed = false;
  #attempts = 0;
  #heard = false;
  #released = false;

  /** `most` is how long the text of an event may be. */
  constructor(cometd: CometDLike, most: unknown, say: (message: Said) => void) {
    this.#cometd = cometd;
    this.#say = say;
    this.#most = typeof most === "number" ? most : defaults.maxMessageSize;
    this.#is = { up: false, number: 0, reason: "the page's cometd.js has not said anything yet" };
  }

  /** Begins to listen. */
  start(): void {
    this.#guarded(() => {
      this.#listen("/meta/handshake", (message) => this.#shookHands(message));
      this.#listen("/meta/connect", (message) => this.#connected(message));
      this.#listen("/meta/disconnect", (message) => this.#disconnected(message));
      this.#listen("/meta/subscribe", (message) => this.#subscribed(message));
      const status = this.#cometd.getStatus();
      if (status === "connected") {
        this.#goOn();
        return;
      }
      const what = this.#cometd.isDisconnected() ? "; it is to be had to shake hands" : "";
      this.#down(`the page's cometd.js is not connected, but ${status}${what}`);
      this.#lookAgain(status);
    });
  }

  /** Uses the session that is there. */
  #goOn(): void {
    this.#is.number = 1;
    this.#up();
    this.#askMissing(); // the program may have asked already
  }

  /** Between two connects cometd.js says that it is connecting, and of the next one nothing is heard as long as the server holds it. */
  #lookAgain(status: unknown): void {
    if (status !== "connecting") {
      return;
    }
    const look = () => {
      if (!this.#released && !this.#heard) {
        const now = this.#cometd.getStatus();
        now === "connected" ? this.#goOn() : this.#lookAgain(now);
      }
    };
    setTimeout(() => this.#guarded(look), soon);
  }

  /** Subscribes, in this session and in each that follows. */
  subscribe(channel: string): void {
    if (this.#released || this.#subscriptions.has(channel)) {
      return;
    }
    const subscription = {
      channel,
      attempt: 0,
      handle: {},
      sent: false,
      granted: false,
      reply: undefined,
      pausing: false,
    };
    this.#subscriptions.set(channel, subscription);
    this.#guarded(() => this.#is.number > 0 && this.#is.up && this.#ask(subscription));
  }

  unsubscribe(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription) {
      this.#subscriptions.delete(channel);
      this.#drop(subscription);
    }
  }

  /** Ends the subscriptions, and listens no more. The session goes on. */
  release(): void {
    this.#released = true;
    for (const subscription of this.#subscriptions.values()) {
      this.#drop(subscription);
    }
    this.#subscriptions.clear();
    for (const listener of this.#listeners) {
      this.#guarded(() => this.#cometd.removeListener(listener));
    }
    this.#listeners.length = 0;
  }

  /** Ends a subscription; at the server as well, if nobody else on the page has it. */
  #drop(subscription: Subscription): void {
    const { attempt, handle } = subscription;
    subscription.attempt = 0;
    subscription.granted = false;
    if (attempt > 0) {
      this.#guarded(() => {
        if (this.#cometd.isDisconnected()) {
          this.#cometd.removeListener(handle);
        } else {
          this.#cometd.unsubscribe(handle);
        }
      });
    }
  }

  /** What goes wrong here, or in the page's object, does not concern cometd.js. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      perhaps(() => this.#down(`the page's cometd.js has failed: ${describe(thrown)}`));
    }
  }

  #listen(channel: string, hear: (message: Message) => void): void {
    const listener = this.#cometd.addListener(channel, (message) => {
      this.#heard = true;
      this.#guarded(() => this.#released || hear(message as Message));
    });
    this.#listeners[this.#listeners.length] = listener;
  }

  #shookHands(message: Message): void {
    const is = this.#is;
    if (message.successful !== true) {
      const refused = textOf(message.error);
      this.#down(failureOf(message) ?? "the handshake of the page's cometd.js has failed", {
        handshakeRefused: refused,
      });
      return;
    }
    is.number++;
    is.unacknowledged = !isAcknowledged(message);
    this.#witnessed = true;
    this.#confirmed.clear();
    for (const subscription of this.#subscriptions.values()) {
      subscription.attempt = 0; // cometd.js has dropped it
      subscription.granted = subscription.pausing = false;
    }
    this.#down("the page's cometd.js has shaken hands, and has no answer to a connect yet");
    this.#askMissing();
  }

  #connected(message: Message): void {
    if (message.successful !== true || this.#cometd.isDisconnected()) {
      const refused = message.successful === true ? undefined : textOf(message.error);
      this.#down(failureOf(message) ?? "the page's cometd.js is disconnected", {
        connectRefused: refused,
      });
      return;
    }
    this.#is.number ||= 1;
    if ((message.advice as { reconnect?: unknown } | null | undefined)?.reconnect === "none") {
      // cometd.js disconnects next, and says no more.
      this.#down("the server has advised the page's cometd.js not to connect again");
      return;
    }
    this.#up();
    this.#askMissing();
  }

  #disconnected(message: Message): void {
    const words = textOf(message.error);
    this.#down(
      words
        ? `the server has disconnected the page's cometd.js: ${words}`
        : "the page's cometd.js is disconnected",
    );
  }

  #up(): void {
    const is = this.#is;
    is.up = true;
    is.reason = is.handshakeRefused = is.connectRefused = undefined;
    this.#sayStatus();
  }

  #down(
    reason: string,
    refused: { handshakeRefused?: string | undefined; connectRefused?: string | undefined } = {},
  ): void {
    const is = this.#is;
    is.up = false;
    is.reason = reason;
    is.handshakeRefused = refused.handshakeRefused;
    is.connectRefused = refused.connectRefused;
    this.#sayStatus();
  }

  #sayStatus(): void {
    if (this.#released) {
      return;
    }
    const cometd = this.#cometd;
    const is = this.#is;
    is.transport = transportOf(cometd);
    is.clientId = textOf(perhaps(() => cometd.getClientId?.()));
    if (!this.#witnessed) {
      is.unacknowledged = perhaps(() => cometd.getExtension?.("ack")) === null;
    }
    this.#say({ kind: "pageSession", session: { ...is } });
  }

  /** Asks for what the session does not have. */
  #askMissing(): void {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.attempt === 0 && !subscription.pausing) {
        this.#ask(subscription);
      }
    }
  }

  /** Has one asked for again, but not at once. */
  #pause(subscription: Subscription): void {
    subscription.attempt = 0; // cometd.js has dropped all that there were for the channel
    subscription.granted = false;
    subscription.pausing = true;
    setTimeout(() => {
      subscription.pausing = false;
      this.#guarded(() => this.#is.up && this.#askMissing());
    }, pause);
  }

  #ask(subscription: Subscription): void {
    const attempt = ++this.#attempts;
    const { channel } = subscription;
    let sent = false;
    // cometd.js copies these into the message, if it sends one: so it tells whether it does. Lines before 5 do not
    // call back where they send none, the later ones say that all is well whatever the server answers.
    const props = {
      get gwsOutbound() {
        sent = true;
        return undefined;
      },
    };
    subscription.attempt = attempt;
    subscription.granted = false;
    subscription.reply = undefined;
    const current = () => subscription.attempt === attempt;
    try {
      subscription.handle = this.#cometd.subscribe(
        channel,
        (message) => this.#guarded(() => current() && this.#event(channel, message as Message)),
        props,
        (message) =>
          this.#guarded(
            () => sent && current() && this.#answered(subscription, message as Message),
          ),
      );
    } catch (thrown) {
      this.#pause(subscription);
      if (!this.#cometd.isDisconnected()) {
        this.#say({ kind: "pageSubscribed", channel, refused: describe(thrown) });
      }
      return;
    }
    subscription.sent = sent;
    if (!sent && (!this.#witnessed || this.#confirmed.has(channel))) {
      this.#grant(subscription); // the page has it; where that is under way, the answer is heard
    }
  }

  #grant(subscription: Subscription): void {
    subscription.granted = true;
    this.#say({ kind: "pageSubscribed", channel: subscription.channel });
  }

  /** Takes the answer to a subscription of ours. */
  #answered(subscription: Subscription, message: Message): void {
    const { channel } = subscription;
    subscription.reply = message;
    if (message.successful === true) {
      this.#grant(subscription);
      return;
    }
    this.#pause(subscription);
    const failure = failureOf(message);
    if (message.failure === undefined) {
      const refused = textOf(message.error) ?? "no reason given";
      this.#say({ kind: "pageSubscribed", channel, refused });
    } else {
      const failed = `the subscription to ${channel} could not be sent${failure ? `: ${failure}` : ""}`;
      this.#say({ kind: "pageSubscribed", channel, failed });
    }
  }

  /** Hears of each answer to a subscription, the page's own among them. */
  #subscribed(message: Message): void {
    const { subscription: named } = message;
    for (const channel of isArray(named) ? named : [named]) {
      const successful = message.successful === true;
      successful ? this.#confirmed.add(channel) : this.#confirmed.delete(channel);
      const subscription = this.#subscriptions.get(channel);
      if (!subscription || subscription.attempt === 0 || subscription.reply === message) {
        continue;
      }
      if (!successful) {
        this.#answered(subscription, message);
      } else if (subscription.granted) {
        // The page asked although ours was there: then it is there no more, as after clearSubscriptions().
        const { handle } = subscription;
        this.#guarded(() => this.#cometd.removeListener(handle));
        this.#ask(subscription);
      } else if (!subscription.sent) {
        this.#grant(subscription);
      }
    }
  }

  #event(subscription: string, message: Message): void {
    const { channel } = message;
    const said = { kind: "pageEvent", subscription, channel: textOf(channel) ?? "" } as const;
    let data: Json;
    try {
      data = new Json(writeForeign(message.data, this.#most));
    } catch (thrown) {
      this.#say({ ...said, data: null, failed: describe(thrown) });
      return;
    }
    this.#say({ ...said, data });
  }
}

/** Whether the reply to a handshake grants acknowledged delivery. */
function isAcknowledged({ ext }: Message): boolean {
  const { ack } = (ext ?? {}) as { ack?: unknown };
  return ack === true || (ack as { enabled?: unknown } | null | undefined)?.enabled === true;
}

/** What went wrong on the way, in words; cometd.js puts it beside a message that it could not send. */
function failureOf(message: Message): string | undefined {
  const { reason, httpCode } = (message.failure ?? {}) as { reason?: unknown; httpCode?: unknown };
  const status = typeof httpCode === "number" && httpCode > 0 ? `HTTP ${httpCode}` : "";
  const words = textOf(reason) ?? "";
  const text = words && status ? `${words} (${status})` : words || status;
  return text ? `the page's cometd.js could not reach the server: ${text}` : undefined;
}

const longest = 500;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value ? value.slice(0, longest) : undefined;
}

/** What not every object has, and nothing depends on. */
function perhaps<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function transportOf(cometd: CometDLike): "websocket" | "long-polling" | undefined {
  return perhaps(() => {
    // From 9 on it has no getType().
    const transport = cometd.getTransport?.() as
      | { getType?(): unknown; type?: unknown }
      | null
      | undefined;
    const type = transport?.getType?.() ?? transport?.type;
    return type === "websocket" || type === "long-polling" ? type : undefined;
  });
}

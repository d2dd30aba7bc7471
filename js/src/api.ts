// The types of the public interface. They are erased by the compiler, so
// that nothing here costs a byte.

import type { Delivery } from "./error.js";
import type { OutboundOperations, UnsettledMethod } from "./operations.js";
import type { ClientOptions } from "./options.js";

/** Where the WebAssembly module comes from. */
export interface LoadOptions {
  /**
   * Where to fetch `outbound.wasm`; relative to the page. Default: beside
   * this JavaScript file. A second load of the same URL uses what the first
   * one compiled. A file that does not arrive whole is fetched once more, past
   * the browser's cache.
   */
  wasmUrl?: string | URL;

  /**
   * The module, compiled already; `wasmUrl` then has no effect. For an
   * extension or a test that has the bytes at hand.
   */
  wasmModule?: WebAssembly.Module;

  /**
   * The digest that the fetched file must have, as Subresource Integrity:
   * `"sha384-"` and the digest in base64; `sha256` and `sha512` will do, and so
   * will several, with a space between them. Not beside `wasmModule`.
   */
  wasmIntegrity?: string;

  /**
   * Whether the module runs in a dedicated Worker, off the page's thread:
   * there a hidden page does not slow down its timers, which on the page's
   * thread may come to one a minute. Default: in a page, where a Worker can be
   * made; not in a worker, which is off the page's thread already. `true` asks
   * for one there, too; `false` keeps the module on the thread that called.
   *
   * Where no Worker can be made (a service worker, a
   * `worker-src` in the page's Content-Security-Policy, `worker.js` not beside
   * `index.js`), the module runs on the calling thread, and the log says why
   * at level `"warn"`; {@link OutboundClient.host} says which it is. {@link load}
   * compiles the module; it starts no Worker.
   *
   * `"shared"`: all pages of this origin, in whatever tab, have one program in a
   * shared Worker. Pages share one session if their options are the same (all
   * except `signal` and `log`; `wasmUrl` and `wasmIntegrity` count) and the
   * server names the same agent for each. Each page has its own calls, signals
   * and subscriptions. The `headers` function of a page that joins is asked once,
   * later that of any page that lives. `statechange` and `gap` go to all. `close()` ends the page's
   * part; that of the last page ends the session. With a journal, the other
   * pages list the calls that a page leaves unsettled. A page that differs has
   * a session of its own, and the log says why at level `"info"`. Pages of
   * different builds of this package share nothing; one that starts beside another logs that at
   * level `"warn"`. Where there is no
   * SharedWorker, or with `wasmModule` or `cometd`, it works like `true`, and
   * the log says why at level `"warn"`. {@link load} starts the Worker.
   */
  worker?: boolean | "shared";

  /**
   * Where `worker.js` is, on the page's own origin; relative to the page. Default: beside
   * this JavaScript file. For bundles that move that, such as an `iife`.
   */
  workerUrl?: string | URL;
}

/**
 * The methods that a cometd.js object of the page's own must have: see {@link ClientOptions.cometd}. The objects of cometd.js 3.1 to
 * 9 have them, and those of its bindings.
 */
export interface CometDLike {
  /** Such as `"connected"`. */
  getStatus(): string;
  isDisconnected(): boolean;
  subscribe(
    channel: string,
    callback: (message: object) => void,
    props: object,
    replyCallback: (message: object) => void,
  ): object;
  unsubscribe(subscription: object): void;
  addListener(channel: string, callback: (message: object) => void): object;
  removeListener(listener: object): void;
  /** Says over what events travel. */
  getTransport?(): unknown;
  /** Says whether there is acknowledged delivery. */
  getExtension?(name: string): unknown;
  /** Is kept out of texts. */
  getClientId?(): unknown;
}

/** A line of the log: see {@link ClientOptions.log}. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn";
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
  /** In words for a developer. It has no data of events, and nothing that is known to be secret. */
  readonly message: string;
}

/** What a client has counted since it was made: see {@link OutboundClient.stats}. */
export interface ClientStats {
  /** How many requests of the operations have left. One that has left again, since the server had refused it before it did anything, counts again. */
  readonly posts: number;
  /** How many events the server has sent, answers to requests and those that nobody listens to among them. One that came twice counts twice. */
  readonly events: number;
  /** How often the client was connected again, after it had lost the connection. */
  readonly reconnects: number;
  /** How many messages of the server could not be read, and were dropped: events may have been among them. */
  readonly dropped: number;
  /** How long the last request that GWS has accepted took, from when it left until the HTTP response, in milliseconds; `null` before the first. */
  readonly lastRoundTrip: number | null;
  /** The median of the last 100 of these, in milliseconds. */
  readonly medianRoundTrip: number | null;
}

/** How events travel. */
export type Transport = "websocket" | "long-polling";

/** The state of a client's session with the server. */
export type ClientState = "connecting" | "connected" | "reconnecting" | "closed";

/** Options of {@link OutboundClient.close}. */
export interface CloseOptions {
  /**
   * Removes from the journal the calls of this client, and those that clients of this agent at
   * this server left which are gone. The calls of a living client, in another tab, are its own.
   * Default: `false`: unsettled calls stay.
   */
  forget?: boolean;
}

/** A call of the method `M` that an earlier client has left without an end. */
export interface UnsettledCallOf<M extends UnsettledMethod> {
  /** The method that was called. */
  readonly method: M;
  /**
   * What it was called with, and its `referenceId`: to be shown, or to be passed to the
   * method again where the agent decides to.
   */
  readonly request: Parameters<OutboundOperations[M]>[0];
  /** The reference of the request, its own or the generated one. */
  readonly referenceId: string;
  /**
   * What was known of the request: `"accepted"`, or `"unknown"`: it may have been
   * processed, or may not even have left the page. Look before you try again.
   */
  readonly delivery: Delivery;
  /** When it was sent. */
  readonly sentAt: Date;
  /**
   * Whether its answer is there already: then {@link UnsettledCallOf.settled} settles at once. A
   * call that is answered, and sent again as it was, settles with that answer; nothing is sent.
   */
  readonly answered: boolean;
  /**
   * Until when its answer can still come, as far as that is known: the time at which the CometD
   * session that would bring it has ended, or, while the connection is lost, will have ended by
   * CometD's defaults. A time in the past: that session is gone, and an answer that was sent to it
   * is lost; look at the record. (One that GWS sends only now, to this client's own session, settles
   * the call all the same.) `null`: the session goes on in this client, and is not known to end, or
   * the call is answered.
   */
  readonly answerableUntil: Date | null;
  /**
   * Settles as the method would have: it resolves when the late answer arrives,
   * at once if it is there already. It rejects with an {@link OutboundError} that has the call's
   * `referenceId`, and its `delivery` as it is known:
   *
   * - `RECORD_ERROR`: another event than the acknowledgement answered it.
   * - `CLOSED`: {@link OutboundClient.forget} took it off the list, or the client was closed.
   * - `DISCONNECTED`, `AGENT_CHANGED`, `MODULE_EXITED`: the client has ended otherwise.
   *
   * Where the method is called again with this `referenceId`, that call takes its place, and it
   * settles as that one does, unless nothing came of that one (`delivery` `"not-sent"` or
   * `"rejected"`): then it stays unsettled.
   *
   * There is no deadline. An answer can come as long as the server keeps the CometD session of
   * the earlier client: see {@link UnsettledCallOf.answerableUntil}; later it stays pending.
   * A page that ignores it need not handle its rejection.
   */
  readonly settled: ReturnType<OutboundOperations[M]>;
}

/**
 * A call that an earlier client has left without an end. Compare `method` to
 * learn what `request` and `settled` are.
 */
export type UnsettledCall = { [M in UnsettledMethod]: UnsettledCallOf<M> }[UnsettledMethod];

/** Options of one call. */
export interface CallOptions {
  /**
   * Stops waiting when it fires. What was sent stays sent: look at the
   * error's `delivery`. The signal's reason is the error's `cause`.
   */
  signal?: AbortSignal;
  /**
   * How long to wait for the answer, from the POST to the event that settles
   * the call, in milliseconds. Default: the client's.
   */
  ackTimeout?: number;
}

/** Options of one {@link OutboundOperations.completeRecord}. */
export interface CompleteRecordOptions extends CallOptions {
  /** Default: the client's. */
  allowUnknownCallResult?: boolean;
}

/**
 * The `data` of an event about a record, as the server sent it, except that an integer which a number
 * does not hold (beyond 2^53 - 1, either way) is a string of its digits. It can be passed to a
 * request as it is. The same is true of all that a client returns.
 */
export interface RecordEvent<Type extends string = string> {
  /** Such as `"RecordProcessedAcknowledge"` for a completed record. */
  notificationType: Type;
  /** `"OutboundRecordMessage"`. */
  messageType?: string;
  /** The request's; servers may leave it out. */
  referenceId?: string;
  /** The record as the server has it now. */
  record?: OutboundRecord;
  [field: string]: unknown;
}

/** A record in an event. Servers add fields of their own. */
export interface OutboundRecord {
  /** A string of its digits beyond 2^53 - 1, or where the server sends a string. */
  recordHandle?: number | string;
  /** As `recordHandle`. */
  applicationId?: number | string;
  campaignName?: string;
  callingList?: string;
  devicePath?: string;
  callResult?: string;
  phoneNumber?: string;
  /** What is attached to it, such as `GSW_PHONE` and the fields of the calling list. */
  userData?: Record<string, unknown>;
  [field: string]: unknown;
}

/**
 * The `data` of an event about a campaign, as the server sent it, except that an integer beyond
 * 2^53 - 1 is a string of its digits: see {@link RecordEvent}.
 */
export interface CampaignEvent<Type extends string = string> {
  /** Such as `"PreviewSessionStarted"`. */
  notificationType: Type;
  /** `"OutboundCampaignMessage"`. */
  messageType?: string;
  /** That of the request that it answers, if it is an answer; servers may leave it out. */
  referenceId?: string;
  campaign?: OutboundCampaign;
  [field: string]: unknown;
}

/** A campaign in an event. Servers add fields of their own. */
export interface OutboundCampaign {
  name?: string;
  applicationId?: number | string;
  devicePath?: string;
  /** Such as `"Preview"`. */
  dialingMode?: string;
  /** Such as `"Started"`. */
  state?: string;
  groupName?: string;
  groupDescription?: string;
  description?: string;
  [field: string]: unknown;
}

/**
 * The `data` of an event on `/v2/me/outbound` that answers no request: a
 * campaign was loaded, started, stopped or unloaded, or the server pushes a
 * record to be previewed. Compare `notificationType` to learn which. The
 * documents do not name them all: be prepared for others.
 */
export type OutboundNotification =
  | CampaignEvent<"CampaignLoaded" | "CampaignStarted" | "CampaignStopped" | "CampaignUnloaded">
  | RecordEvent<"PreviewRecord">
  | OtherNotification;

/** A notification that is none of those known. */
export interface OtherNotification {
  notificationType: string;
  messageType?: string;
  campaign?: OutboundCampaign;
  record?: OutboundRecord;
  [field: string]: unknown;
}

/** The `detail` of a `statechange` event. */
export interface StateChangeDetail {
  state: ClientState;
  /** `null` while there is no connection. */
  transport: Transport | null;
  /** Why, in words for a log; where there is something to say. */
  reason?: string;
  /** While reconnecting: when the next attempt is made, in milliseconds from now. */
  retryIn?: number;
}

/** The `detail` of a `notification` event. */
export interface NotificationDetail {
  channel: string;
  /**
   * As the server sent it, except that an integer beyond 2^53 - 1 is a string of its digits. On
   * `/v2/me/outbound` it is an {@link OutboundNotification}.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the server decides what it is
  data: any;
}

/** The `detail` of a `gap` event. */
export interface GapDetail {
  /** What happened, in words for a log. */
  reason: string;
}

/** An event on a channel that {@link OutboundClient.subscribe} has subscribed to. */
export interface ChannelEvent {
  /** The channel that it was published on, also where the subscription has a wildcard. */
  channel: string;
  /** As the server sent it, except that an integer beyond 2^53 - 1 is a string of its digits. */
  // biome-ignore lint/suspicious/noExplicitAny: the server decides what it is
  data: any;
}

/** A function that takes the events of a subscription. */
export type ChannelListener = (event: ChannelEvent) => void;

/** What {@link OutboundClient.subscribe} resolves with. */
export interface Subscription {
  /**
   * Ends the subscription: from the call on, the listener hears nothing more. If it was the last one
   * on its channel, the client unsubscribes at the server, and the Promise resolves with the server's answer. Where the
   * connection is lost, it resolves at once, and the client unsubscribes over the next one. It never rejects, and may be called again.
   */
  unsubscribe(): Promise<void>;
}

/** The events of a client, by name. */
export interface OutboundClientEventMap {
  /** The session's state, its transport or the next attempt changed. */
  statechange: CustomEvent<StateChangeDetail>;
  /**
   * A message arrived on one of the channels of {@link ClientOptions.channels},
   * or an event on `/v2/me/outbound` that answers no request: see
   * {@link OutboundNotification}. It may come twice around a reconnection:
   * servers send again what was not confirmed.
   */
  notification: CustomEvent<NotificationDetail>;
  /**
   * Events may have been missed, on any channel: the server had a new session made in place of one that was
   * lost, a connection was lost without acknowledged delivery, or a message of the server was too large or
   * could not be read. It comes once the subscriptions are in place again, so that a
   * page that then asks the server how things stand misses nothing in between. Calls have their own Promises.
   */
  gap: CustomEvent<GapDetail>;
}

/** A listener of one of a client's events. */
export type OutboundClientListener<K extends keyof OutboundClientEventMap> =
  | ((this: OutboundClient, event: OutboundClientEventMap[K]) => void)
  | { handleEvent(event: OutboundClientEventMap[K]): void };

/**
 * A session with the server, made by {@link createClient}. It lasts until
 * {@link OutboundClient.close}. One that the program has dropped is closed by
 * the browser's garbage collector, some time, if nothing is pending and no
 * listener was ever added to it or subscribed: one that is listened to lives on, as a
 * WebSocket does.
 *
 * When its page is left for good and nothing is pending, nor being written to the
 * journal, the session is ended as well as can be done in passing. While the page is in the back/forward cache, or
 * frozen, the session is kept; on return it is resumed, if the server still has it.
 */
export interface OutboundClient extends OutboundOperations, EventTarget {
  /** Kept current by itself, also after a lost connection. */
  readonly state: ClientState;

  /** `null` while there is no connection. */
  readonly transport: Transport | null;

  /**
   * Why the client is not simply connected, or is slower than it could be, in words for a
   * developer; `null` where there is nothing to say. Connected, it says where another client in
   * this browser has its request held, over long-polling, where the server sees several clients in
   * this browser, or where it asks for long pauses. It is the `reason` of the last
   * `statechange`, those before a listener could be there included.
   */
  readonly reason: string | null;

  /** Where the module runs: in a Worker of its own, in one that pages share, or on the thread that called. */
  readonly host: "worker" | "shared-worker" | "page";

  /** How many calls of the operations are not settled yet. */
  readonly pending: number;

  /**
   * Gives what the client has counted so far. Rejects with `CLOSED` once the client is closed, and with
   * `MODULE_EXITED` where the program has ended.
   */
  stats(): Promise<ClientStats>;

  /**
   * Lists the calls that earlier clients of this agent at this server have left without an
   * end, oldest first: with the option {@link ClientOptions.journal}, the calls that a page had sent, or
   * was about to send, when it crashed or was reloaded. This client's own calls are not among them, nor
   * those of clients that still live, in other pages. Each time it also looks for calls that were left
   * since, as by a tab that was closed. Of several clients, each call belongs to the one that
   * asks first. Within 10 s of connecting, it may take 2 s longer, once: a client that had calls in the journal as this one
   * connected may be of a page that is just being reloaded.
   *
   * A call is listed until it was settled and its {@link UnsettledCallOf.settled} has said so,
   * until it is forgotten, or until a call with its `referenceId` has taken its place. The list
   * may be asked for again; while a call is pending, its Promise is the same one.
   *
   * Without the option the list is empty, and so it is once another agent has signed in.
   */
  unsettled(): Promise<UnsettledCall[]>;

  /**
   * Takes an unsettled call off the list and out of the journal, for an agent who has looked
   * at the record. Its `settled` rejects with `CLOSED`. A reference that no
   * unsettled call has is ignored, also that of a call of this client.
   *
   * Rejects with `INVALID_REQUEST` if it is given something other than a string. For a reference that an
   * unsettled call has, it rejects with `AGENT_CHANGED` once another agent has signed in, and with `CLOSED` where the
   * browser's storage fails or does not answer: then the call is off this client's list, but a later client may list
   * it. The client goes on, and tries again, as `forget` does if it is called again.
   */
  forget(referenceId: string): Promise<void>;

  /**
   * Subscribes to a channel of the server: `listener` is called with each event on it, in order. The channel
   * may end in a wildcard: `/v2/me/*` is each one below, `/v2/me/**` all below, at any depth. Resolves once the server
   * has granted it; the listener may be called before that. Each call is a subscription of its own, also
   * with the same listener, and has each event once (it may come twice around a reconnection: servers send again what
   * was not confirmed); those on one channel share one subscription at the server.
   *
   * It lasts until it is ended, or the client is closed. In each new session it is made again by itself. Should the server refuse
   * it then, the log says so at level `"warn"`, and the server is asked again in the next session. What was
   * published meanwhile is lost: see `gap` in {@link OutboundClientEventMap}.
   *
   * These events are no `notification` events, which are for {@link ClientOptions.channels}. An error that a listener
   * throws is reported as uncaught, and disturbs no other listener.
   *
   * Rejects, with `delivery` `"not-sent"`, with
   *
   * - `INVALID_REQUEST`: the channel is none that can be subscribed to, or the listener is no function.
   * - `SUBSCRIBE_REFUSED`: the server refuses the channel; its words are in the message. The client lives on.
   * - `CONNECT_FAILED`: there was no session, or no answer, within {@link ClientOptions.connectTimeout}.
   * - `CLOSED`, `DISCONNECTED`, `AGENT_CHANGED`, `MODULE_EXITED`: the client has ended.
   */
  subscribe(channel: string, listener: ChannelListener): Promise<Subscription>;

  /**
   * Ends the session, or, with `worker: "shared"`, this page's part of it. What is pending rejects with `CLOSED`. May be called
   * again, and never rejects because the session is gone already. Unsettled calls stay in the
   * journal for the next client, unless the option `forget` says otherwise. Rejects with
   * `INVALID_REQUEST` for wrong options, and closes nothing then; with
   * `forget`, with `MODULE_EXITED` if the program has ended, since only the program can forget; and
   * with `CLOSED` if the journal could not be cleared, or an earlier call has closed the client without `forget`, or
   * `AGENT_CHANGED` if it is that of an agent who was signed in before: the client is closed all the same.
   */
  close(options?: CloseOptions): Promise<void>;

  addEventListener<K extends keyof OutboundClientEventMap>(
    type: K,
    listener: OutboundClientListener<K> | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;

  removeEventListener<K extends keyof OutboundClientEventMap>(
    type: K,
    listener: OutboundClientListener<K> | null,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

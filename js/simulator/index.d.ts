/**
 * A simulated Genesys Web Services, for the tests and the development of what uses `gws-outbound`: sign-in, CSRF
 * tokens, every operation of the Outbound API, and CometD over WebSocket and long-polling, with faults on demand.
 *
 * @packageDocumentation
 */

import type { Behavior, CampaignStatus, Fault, Post, Request, State } from "./types.js";

export type * from "./types.js";

/** Options of {@link start}. */
export interface StartOptions {
  /**
   * The name or address of this machine to listen on; `"localhost"` by default. Serve your page under the same one:
   * for browsers, `localhost` and `127.0.0.1` are two sites, and the cookie of the sign-in stays in its own.
   */
  host?: string;
  /** The TCP port; by default any that is free. */
  port?: number;
  /** More names of this machine, under which the simulator and pages may be reached, without a port. */
  names?: string[];
  /** Ids of browser extensions that may use it. */
  extensions?: string[];
  /** How it departs from a server that works: see {@link Simulator.set}. */
  behavior?: Behavior;
}

/**
 * Starts a simulator in a process of its own, and resolves once it listens. It ends by {@link Simulator.close}, or with
 * this process, which it does not keep alive.
 *
 * Rejects with an Error where there is no program for this platform, or the port is taken.
 */
export function start(options?: StartOptions): Promise<Simulator>;

/** Gives the control of a simulator that runs already, such as one that the command has started. */
export function connect(url: string | URL): Simulator;

/** Where something that is waited for can be given up. */
export interface WaitOptions {
  /** Gives up when it fires. Without it, what never happens is waited for without end. */
  signal?: AbortSignal;
}

/**
 * A running simulator. Its methods are requests to it (`POST /gwssim/...`); each rejects with an Error that says what it
 * does not take, and once it is closed.
 */
export interface Simulator {
  /** Where it is, such as `"http://localhost:41234"`: the `baseUrl` of a client. */
  readonly url: string;

  /**
   * The `headers` of a client that signs in as an agent: `"agent"` by default, or `"agent2"` and so on. Everybody's
   * password is `"secret"`.
   */
  credentials(user?: string): { Authorization: string };

  /** Replaces its behaviour, and all faults. `{}` is a server that works. */
  set(behavior: Behavior): Promise<void>;
  /** Adds a fault to those there are, and resolves with its id. */
  inject(fault: Fault): Promise<number>;
  /** Takes a fault back. It does nothing if there is none with this id. */
  withdraw(id: number): Promise<void>;
  /** Every POST of an operation that has reached it, oldest first. */
  posts(): Promise<Post[]>;
  /** Every request that has reached it, but those of its control, oldest first. */
  requests(): Promise<Request[]>;
  /** How often each fault of the behaviour has struck, in their order, and then those that were injected. */
  struck(): Promise<number[]>;
  /** How many operations were carried out. */
  processed(): Promise<number>;
  /** How many CometD sessions are alive. */
  sessions(): Promise<number>;
  /** What there is to see. */
  state(): Promise<State>;
  /** Resolves with the state as soon as its version is another than `after`. */
  watch(after: number, options?: WaitOptions): Promise<State>;

  /** Cuts the connections of an HTTP session, by its number in the state; of all without it. */
  cut(session?: number): Promise<void>;
  /** Forgets CometD sessions, likewise. */
  expire(session?: number): Promise<void>;
  /** Forgets HTTP sessions with their cookies and CSRF tokens, likewise. CometD sessions live on. */
  expireHTTP(session?: number): Promise<void>;
  /** Makes HTTP sessions another agent's, as when somebody else signs in in another tab. */
  become(user: string, session?: number): Promise<void>;
  /** Ends CometD sessions for good, as a server does that does not want them back. */
  kick(session?: number): Promise<void>;

  /** Unloads, loads or starts a campaign. */
  setCampaign(campaignName: string, status: CampaignStatus): Promise<void>;
  /** Hands an agent with a preview session the next record, unasked, and resolves with its `recordHandle`. */
  push(user: string, campaignName: string): Promise<number>;
  /** Makes the campaigns again, as they are in the beginning: the same seed makes the same ones. */
  reset(seed?: number): Promise<void>;
  /** Publishes an event to all who have subscribed to the channel. */
  publish(channel: string, data: unknown): Promise<void>;
  /** Publishes a whole Bayeux message, letter by letter. */
  publishText(channel: string, message: string): Promise<void>;
  /** Sends the events that the behaviour `holdAck` has kept, of this request. */
  ack(referenceId: string): Promise<void>;

  /** Waits until at least `n` POSTs have arrived. */
  waitPosts(n: number, options?: WaitOptions): Promise<void>;
  /** Waits until exactly `n` CometD sessions are alive. */
  waitSessions(n: number, options?: WaitOptions): Promise<void>;
  /** Waits until exactly `n` CometD sessions have a connect that is held. */
  waitConnected(n: number, options?: WaitOptions): Promise<void>;

  /** Ends it, and resolves once it has ended. A second call does nothing. */
  close(): Promise<void>;
}

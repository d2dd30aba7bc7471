/**
 * A client for tests of an app's own code: with the types and errors of `gws-outbound`, without WebAssembly and without
 * a network. The test says what the server does.
 *
 * @packageDocumentation
 */

import type { ClientState, OutboundClient } from "./api.js";
import { Client } from "./client.js";
import type { Delivery } from "./error.js";
import { Link } from "./link.js";
import { splitOptions } from "./load-options.js";
import type { OutboundOperations, UnsettledMethod } from "./operations.js";
import type { ClientOptions } from "./options.js";
import type { Port } from "./port.js";
import { Program } from "./program.js";
import { newReference } from "./reference.js";
import { optionsOf } from "./remote-client.js";
import { TestProgram } from "./testing-program.js";
import type { Reply } from "./testing-reply.js";
import { type FromPage, fromText, type ToPage } from "./wire.js";

export {
  type Acknowledgement,
  acknowledge,
  delay,
  hold,
  lose,
  type Refusal,
  type Reply,
  recordError,
  reject,
} from "./testing-reply.js";

/** Options of {@link createTestClient}. */
export interface TestClientOptions extends ClientOptions {
  /** The calls that an earlier client has left: see {@link OutboundClient.unsettled}. */
  unsettled?: readonly TestUnsettledCall[];
}

/** A call that an earlier client has left without an end. */
export interface TestUnsettledCall<M extends UnsettledMethod = UnsettledMethod> {
  method: M;
  request: Parameters<OutboundOperations[M]>[0];
  /** Default: that of the request, or a random one. */
  referenceId?: string;
  /** Default: `"unknown"`. */
  delivery?: Delivery;
  /** Default: now. */
  sentAt?: Date;
  /** Default: `null`. */
  answerableUntil?: Date | null;
}

/** A call that has reached the server of a test, or that an earlier client has left. */
export interface TestCall {
  readonly method: keyof OutboundOperations;
  /** What was passed to the method, without what is `undefined` or `null`. */
  readonly request: { readonly [field: string]: unknown };
  /** That of the request, or the one that was made for it. */
  readonly referenceId: string;
  /** What the client knows of it by now. */
  readonly delivery: Delivery;
  readonly settled: boolean;
  /** Has the server do this with it now, whatever it was to do. A call that is settled stays as it is. */
  reply(reply: Reply): void;
}

/** A reply, or a function that chooses one by the call. */
export type Replier = Reply | ((call: TestCall) => Reply);

/** The server of a test: what it does with calls, and what happens to the session. */
export interface TestServer {
  /** The calls that have reached it, oldest first. What is refused before it is sent is not among them. */
  readonly calls: readonly TestCall[];
  /** The calls of an earlier client that are not settled, forgotten or sent again. */
  readonly unsettled: readonly TestCall[];

  /** Says what it does with calls from now on. Default: {@link acknowledge}. */
  reply(reply: Replier): void;
  /** Says what it does with the next call; may be called several times, for one call each. */
  replyOnce(reply: Replier): void;

  /**
   * The connection is lost: the client is `"reconnecting"`. Calls under way wait, and so do new ones, for
   * `connectTimeout`; what the server has to say is kept for the client.
   */
  disconnect(reason?: string, retryIn?: number): void;
  /**
   * The connection is there again. With `newSession` the server has lost the session, if need be while the client is
   * connected: what it kept is lost, and the client hears of a `gap`. Unsettled calls cannot be answered over it any more, and
   * `getChainedRecords` under way ends with `RECORD_ERROR`.
   */
  reconnect(options?: { newSession?: boolean }): void;
  /** The server ends the session for good: `DISCONNECTED`, and the client is `"closed"`. */
  end(reason?: string): void;
  /** Another agent has signed in: `AGENT_CHANGED`, and the client is `"closed"`. */
  changeAgent(): void;
  /** The WebAssembly program has ended: `MODULE_EXITED`. */
  crash(): void;

  /**
   * Publishes an event, to the listeners of {@link OutboundClient.subscribe} and, on `/v2/me/outbound` and the
   * channels of {@link ClientOptions.channels}, as a `notification`. An event on `/v2/me/outbound` with the
   * `referenceId` of a call under way is its answer.
   */
  publish(channel: string, data: unknown): void;
  /** Refuses subscriptions to this very channel from now on: `SUBSCRIBE_REFUSED`. */
  refuseSubscription(channel: string, words?: string): void;
  /** Events may have been missed: the client hears of a `gap`. */
  gap(reason?: string): void;
}

/** What {@link createTestClient} gives. */
export interface TestClient {
  client: OutboundClient;
  server: TestServer;
}

/**
 * Makes a client for a test, connected, and the server that it talks to. The client is that of `gws-outbound` but for what
 * sends and receives: its methods, events, Promises and errors are the real ones, and its requests are checked by the same
 * table. Timers are those of `setTimeout` at the time of the call, so that fake ones will do.
 *
 * Of the options, `ackTimeout`, `connectTimeout`, `allowUnknownCallResult`, `channels` and `journal` count; the
 * others are taken and have no effect, so that an app can pass its own. Their values are not checked; the messages of errors are
 * shorter than the real ones.
 */
export async function createTestClient(options: TestClientOptions = {}): Promise<TestClient> {
  const { unsettled = [], ...others } = options;
  const [, settings] = splitOptions<ClientOptions>(others);
  const { signal: _, cometd: __, headers: ___, ...rest } = settings;
  const port: Port = { send: () => {}, onmessages: () => {} };
  const served = new TestProgram(rest, (text) => port.onmessages(fromText(text) as ToPage[]));
  port.send = (text) => served.take(JSON.parse(text) as FromPage);
  for (const call of unsettled) {
    const { method, request, delivery = "unknown", sentAt, answerableUntil = null } = call;
    const reference = call.referenceId ?? request.referenceId ?? newReference();
    served.leave(
      method,
      { ...request },
      delivery,
      sentAt ?? new Date(),
      answerableUntil,
      reference,
    );
  }
  const program = new Program();
  const client = await Client.connect(
    new Link(port, program, "page"),
    rest,
    optionsOf(rest),
    null,
    undefined,
  );
  return { client, server: serverOf(served, program, client) };
}

function serverOf(served: TestProgram, program: Program, client: Client): TestServer {
  const stateIs = (state: ClientState) => client.state === state;
  const disconnect = (reason = "the connection was lost", retryIn?: number) => {
    const detail = { state: "reconnecting", transport: null, reason } as const;
    served.change(retryIn === undefined ? detail : { ...detail, retryIn });
  };
  return {
    calls: served.calls,
    get unsettled() {
      return served.unsettled;
    },
    reply: (reply) => {
      served.always = reply;
    },
    replyOnce: (reply) => served.once(reply),
    disconnect,
    reconnect({ newSession = false } = {}) {
      if (newSession) {
        if (stateIs("connected")) {
          disconnect("the server refused to go on with the session: 402::Unknown client");
        }
        served.renew();
      }
      if (!stateIs("connected")) {
        served.change({ state: "connected", transport: "websocket" });
      }
    },
    end: (reason = "the agent has signed out") =>
      served.end({ code: "DISCONNECTED", message: `the server ended the session: ${reason}` }),
    changeAgent: () =>
      served.end({
        code: "AGENT_CHANGED",
        message: "another agent is signed in now than when the client was created",
      }),
    crash() {
      served.stop();
      program.end({ reason: "was ended by the test" });
    },
    publish: (channel, data) => served.publish(channel, data),
    refuseSubscription: (channel, words = "403::subscription denied") =>
      served.refuse(channel, words),
    gap: (reason = "events may have been missed") => served.gap(reason),
  };
}

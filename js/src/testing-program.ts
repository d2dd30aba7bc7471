// What stands behind the port in a test, in place of the Go program and the server: it takes the messages of wire.ts,
// and does with calls what the test says.

import type { StateChangeDetail } from "./api.js";
import type { Delivery, Problem } from "./error.js";
import { defaults } from "./options.js";
import type { Method, Options } from "./remote-client.js";
import {
  acknowledgements,
  eventOf,
  type Failure,
  isNews,
  outcomeOf,
  requestLine,
  ServedCall,
} from "./testing-call.js";
import { asSent, check, checkOptions, type Fields, wrongChannel } from "./testing-check.js";
import { EarlierCalls, isListed } from "./testing-earlier.js";
import { isFunction, readGiven } from "./testing-given.js";
import { acknowledge, type Reply } from "./testing-reply.js";
import { mayHaveActed, statusMeanings } from "./testing-table.js";
import type { FromPage, ToPage } from "./wire.js";

/** Where the server answers requests. */
const outbound = "/v2/me/outbound";

/** How many milliseconds a server keeps a session that has lost its connection, by CometD's defaults. */
const sessionOutlives = 40_000;

/** A call or a subscription that waits for a session. */
interface Waiting {
  id: number;
  go(): void;
  fail(why: Failure): void;
  timer: ReturnType<typeof setTimeout>;
}

export class TestProgram {
  readonly calls: ServedCall[] = [];
  #say: (text: string) => void;
  readonly #options: Options;
  #client = 0;
  #state: StateChangeDetail = { state: "connecting", transport: null };
  /** Why nothing is sent any more. */
  #ending: Failure | undefined;
  readonly #counted = { posts: 0, events: 0, reconnects: 0, dropped: 0 };
  /** The calls of this client that have no end yet, by their references: from the check of the request on. */
  readonly #inFlight = new Map<string, ServedCall>();
  readonly #earlier = new EarlierCalls();
  #waiting: Waiting[] = [];
  /** What the server has to say, and cannot while the connection is lost. */
  #held: (() => void)[] = [];
  /** Why events may have been missed, until the client has heard of it. */
  #missed: string | undefined;
  /** Until when the server keeps the session, while the connection is lost: milliseconds since 1970. */
  #lost: number | null = null;
  readonly #subscriptions = new Map<number, string>();
  readonly #refused = new Map<string, string>();
  #always: Reply | ((call: ServedCall) => Reply) = acknowledge();
  readonly #serveCall = (call: ServedCall, reply: Reply) => this.serve(call, reply);
  readonly #next: (Reply | ((call: ServedCall) => Reply))[] = [];

  constructor(options: Options, say: (text: string) => void) {
    this.#options = options;
    this.#say = say;
  }

  /** Takes a message of the page. */
  take(message: FromPage): void {
    switch (message.kind) {
      case "createClient":
        this.#client = message.client;
        this.change({ state: "connected", transport: "websocket" });
        this.#resolve(message.id);
        break;
      case "call":
        this.#begin(message);
        break;
      case "abort":
        this.#abort(message.id);
        break;
      case "close":
        this.#close(message.id, readGiven(message.options));
        break;
      case "stats":
        this.#resolve(message.id, { ...this.#counted, lastRoundTrip: null, medianRoundTrip: null });
        break;
      case "unsettled":
        this.#resolve(message.id, this.#list());
        break;
      case "settled":
        this.#awaitSettled(message.id, message.referenceId);
        break;
      case "forget":
        this.#forget(message.id, message.referenceId);
        break;
      case "delivered":
        this.#earlier.delivered(message.referenceId);
        break;
      case "subscribe":
        this.#subscribe(message);
        break;
      case "unsubscribe":
        this.#subscriptions.delete(message.subscription);
        this.#resolve(message.id);
        break;
      case "ping":
        this.#send({ kind: "pong", id: message.id });
    }
  }

  set always(reply: Reply | ((call: ServedCall) => Reply)) {
    this.#always = reply;
  }

  once(reply: Reply | ((call: ServedCall) => Reply)): void {
    this.#next.push(reply);
  }

  /** Those that are listed as unsettled. */
  get unsettled(): ServedCall[] {
    return this.#earlier.listed.map(({ call }) => call);
  }

  /** Adds a call that an earlier client has left. */
  leave(
    method: Method,
    request: Fields,
    delivery: Delivery,
    sentAt: Date,
    until: Date | null,
    reference: string,
  ): void {
    const { row } = check(method, request, true);
    const call = new ServedCall(row, request, reference, this.#serveCall);
    call.delivery = delivery;
    this.#earlier.add(call, sentAt, until);
  }

  change(detail: StateChangeDetail): void {
    const { state, transport, reason, retryIn } = detail;
    if (this.#state.state === "closed") {
      return;
    }
    if (this.#state.state === "reconnecting" && state === "connected") {
      this.#counted.reconnects++;
    }
    this.#state = detail;
    this.#lost = state === "connected" ? null : (this.#lost ?? Date.now() + sessionOutlives);
    if (state === "closed") {
      this.#earlier.sessionIsOver(this.#lost);
    }
    this.#send({
      kind: "status",
      client: this.#client,
      state,
      ...(transport && { transport }),
      ...(reason !== undefined && { reason }),
      ...(retryIn !== undefined && { retryIn }),
    });
    if (state !== "connected") {
      return;
    }
    this.#tellGap();
    const held = this.#held;
    this.#held = [];
    for (const say of held) {
      say();
    }
    const waiting = this.#waiting; // without the calls that have just been answered
    this.#waiting = [];
    for (const { go, timer } of waiting) {
      clearTimeout(timer);
      go();
    }
  }

  /** The server has lost the session, and what it held for it: another one takes its place. */
  renew(): void {
    this.#held = [];
    this.#earlier.sessionIsOver(this.#lost);
    for (const [id, channel] of this.#subscriptions) {
      if (this.#refused.has(channel)) {
        this.#subscriptions.delete(id);
      }
    }
    this.gap("a new session has taken the place of the one before");
  }

  /** Events may have been missed. The client hears of it once it is connected. */
  gap(reason: string): void {
    for (const call of this.calls) {
      call.gap = true;
    }
    this.#missed = reason;
    this.#tellGap();
  }

  #tellGap(): void {
    const reason = this.#missed;
    if (reason !== undefined && this.#state.state === "connected") {
      this.#missed = undefined;
      this.#send({ kind: "gap", client: this.#client, reason });
    }
  }

  refuse(channel: string, words: string): void {
    this.#refused.set(channel, words);
  }

  /** Ends the session for good. */
  end(why: Failure): void {
    if (this.#state.state === "closed") {
      return;
    }
    this.#ending = why;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { timer, fail } of waiting) {
      clearTimeout(timer);
      fail(why);
    }
    for (const call of this.#inFlight.values()) {
      this.#settle(call, why);
    }
    for (const { call } of this.#earlier) {
      if (call.id !== undefined && !call.settled) {
        this.#rejectWaiter(call, why);
      }
    }
    this.change({ state: "closed", transport: null, reason: why.message });
  }

  /** Ends without a word, as a program that has crashed. */
  stop(): void {
    this.#say = () => {};
    this.end({ code: "MODULE_EXITED", message: "" });
  }

  /** Publishes an event, once the connection is there. */
  publish(channel: string, data: unknown): void {
    this.#onceConnected(() => {
      const { referenceId } = { ...(data as Fields) };
      const call = channel === outbound ? this.#waitingFor(referenceId) : undefined;
      this.#deliver(channel, data, call);
    });
  }

  #onceConnected(say: () => void): void {
    if (this.#state.state === "connected") {
      say();
    } else if (this.#state.state !== "closed") {
      this.#held.push(say);
    }
  }

  /** Gives an event to all who hear it, and to the call that it answers. */
  #deliver(channel: string, data: unknown, call: ServedCall | undefined): void {
    this.#counted.events++;
    const subscriptions = [...this.#subscriptions]
      .filter(([, pattern]) => matches(pattern, channel))
      .map(([id]) => id);
    if (subscriptions.length > 0) {
      this.#send({ kind: "event", client: this.#client, subscriptions, channel, data });
    }
    const event = { ...(data as Fields) };
    const channels = (this.#options.channels ?? []) as readonly string[];
    const listened = channels.some((pattern) => matches(pattern, channel));
    if (listened || (channel === outbound && !call && isNews(event))) {
      this.#send({ kind: "notification", client: this.#client, channel, data });
    }
    if (call) {
      this.#answer(call, event);
    }
  }

  #begin(message: FromPage & { kind: "call" }): void {
    const { id, method } = message;
    const given = readGiven(message.request);
    const options = readGiven(message.options);
    const wrong = checkOptions(options, {
      ackTimeout: "milliseconds",
      ...(method === "completeRecord" && { allowUnknownCallResult: "boolean" }),
    });
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      wrong.unshift({ field: "request", message: "must be an object" });
    }
    if (wrong.length > 0) {
      this.#reject(id, invalid(wrong, "request or options"));
      return;
    }
    const settings = { ...(options as Fields | undefined) };
    const request = given as Fields;
    const referenceId = (request.referenceId ?? message.reference) as string;
    const allow = settings.allowUnknownCallResult ?? this.#options.allowUnknownCallResult;
    const { callResult } = this.#earlier.find(referenceId)?.call.request ?? {};
    const sentBefore = callResult != null && callResult === request.callResult;
    const { row, problems } = check(method, request, allow === true || sentBefore);
    if (this.#inFlight.has(referenceId)) {
      const message = "a request with this reference is in flight; leave it out to have one made";
      problems.push({ field: "referenceId", message });
    }
    if (problems.length > 0) {
      this.#reject(id, invalid(problems));
      return;
    }
    const call = new ServedCall(row, request, referenceId, this.#serveCall, id);
    this.#inFlight.set(referenceId, call);
    const fail = (why: Failure) => this.#settle(call, why);
    const answer = this.#earlier.supersede(call);
    if (message.aborted) {
      fail(aborted);
      return;
    }
    if (answer && !this.#isForeign) {
      call.delivery = "accepted";
      this.#settle(call, answer);
      return;
    }
    const timeout = (settings.ackTimeout ?? this.#options.ackTimeout) as number | undefined;
    this.#whenConnected(id, () => this.#post(call, timeout ?? defaults.ackTimeout), fail);
  }

  /** Does something at once, or when there is a session; its call or subscription fails where there is none in time. */
  #whenConnected(id: number, go: () => void, fail: (why: Failure) => void): void {
    if (this.#ending) {
      fail(this.#ending);
      return;
    }
    if (this.#state.state === "connected") {
      go();
      return;
    }
    const limit = (this.#options.connectTimeout ?? defaults.connectTimeout) as number;
    const timer = setTimeout(() => {
      this.#stopWaiting(id);
      const reason = this.#state.reason ?? "the server has not answered";
      fail({ code: "CONNECT_FAILED", message: `no session within ${limit} ms: ${reason}` });
    }, limit);
    this.#waiting.push({ id, go, fail, timer });
  }

  /** Whatever has that number waits for a session no more. */
  #stopWaiting(id: number | undefined): void {
    this.#waiting = this.#waiting.filter((waiting) => {
      if (waiting.id !== id) {
        return true;
      }
      clearTimeout(waiting.timer);
      return false;
    });
  }

  /** The request leaves, and the server has it. */
  #post(call: ServedCall, ackTimeout: number): void {
    this.calls.push(call);
    this.#counted.posts++;
    this.#know(call, "unknown");
    call.timers.push(setTimeout(() => this.#late(call, ackTimeout), ackTimeout));
    const reply = this.#next.shift() ?? this.#always;
    // No timer, so that it needs no clock; and not before the caller has the Promise.
    Promise.resolve().then(() =>
      this.serve(call, typeof reply === "function" ? reply(call) : reply),
    );
  }

  /** The time for the answer is over. */
  #late(call: ServedCall, ackTimeout: number): void {
    const awaited = call.row.result === "data" ? "acknowledgement" : "answer";
    const within = `within ${ackTimeout} ms`;
    if (call.delivery === "accepted") {
      const message = `GWS accepted the request, but no ${awaited} came ${within} (errors.md#ack-timeout)`;
      this.#settle(call, { code: "ACK_TIMEOUT", message });
    } else {
      const message = `neither an answer to the POST nor an ${awaited} ${within}`;
      this.#settle(call, { code: "REQUEST_TIMEOUT", message });
    }
  }

  /** Does with a call what the reply says. One that is settled is left alone, as by a real client. */
  serve(call: ServedCall, reply: Reply): void {
    if (call.settled) {
      return;
    }
    switch (reply.kind) {
      case "delay":
        call.timers.push(setTimeout(() => this.serve(call, reply.reply), reply.ms));
        break;
      case "hold":
        this.#accept(call);
        break;
      case "acknowledge":
        this.#accept(call);
        for (const event of acknowledgements(call, reply.result)) {
          this.#offer(call, event);
        }
        break;
      case "recordError":
        this.#accept(call);
        this.#offer(call, {
          ...eventOf(call, `${call.row.operationName}Error`),
          ...reply.event,
        });
        break;
      case "reject":
        this.#refuseCall(call, reply.refusal);
        break;
      case "lose":
        this.#know(call, "unknown");
        this.#settle(call, {
          code: reply.code,
          message: `${requestLine(call)}: ${reply.code === "NETWORK_ERROR" ? "no response" : "no answer in time"}`,
        });
    }
  }

  #accept(call: ServedCall): void {
    this.#know(call, "accepted");
  }

  #know(call: ServedCall, delivery: Delivery): void {
    call.delivery = delivery;
    if (call.id !== undefined) {
      this.#send({ kind: "known", id: call.id, delivery });
    }
  }

  #refuseCall(
    call: ServedCall,
    { statusCode, statusMessage, httpStatus }: (Reply & { kind: "reject" })["refusal"],
  ): void {
    const line = requestLine(call);
    const fail = (delivery: Delivery, failure: Failure) => {
      this.#know(call, delivery);
      this.#settle(call, failure);
    };
    if (statusCode !== undefined && statusCode !== 0 && httpStatus !== 401) {
      const meaning = statusMeanings[statusCode] ?? "not documented";
      const words = statusMessage ? `: ${JSON.stringify(statusMessage)}` : "";
      const foreign =
        statusMeanings[statusCode] === undefined &&
        (leavesOpen(httpStatus ?? 200) || leavesOpen(statusCode));
      fail(foreign || mayHaveActed.includes(statusCode) ? "unknown" : "rejected", {
        code: "API_ERROR",
        message: `${line}: status code ${statusCode} (${meaning})${words}`,
        httpStatus: httpStatus ?? 200,
        statusCode,
        ...(statusMessage !== undefined && { statusMessage }),
      });
      return;
    }
    const status = httpStatus ?? 500;
    if (status === 401) {
      const message = `${line}: HTTP 401: not signed in, or the credentials are not accepted`;
      fail("rejected", { code: "UNAUTHORIZED", message, httpStatus: status });
      return;
    }
    const refused = status >= 400 && status <= 499;
    fail(refused && !leavesOpen(status) ? "rejected" : "unknown", {
      code: "HTTP_ERROR",
      message: `${line}: HTTP ${status}: the server ${refused ? "refused" : "failed"}`,
      httpStatus: status,
    });
  }

  /** Sends the event that answers a call, once the connection is there. */
  #offer(call: ServedCall, event: Fields): void {
    // An unsettled call may have been sent again: the answer is for that one.
    this.#onceConnected(() =>
      this.#deliver(outbound, event, this.#inFlight.get(call.referenceId) ?? call),
    );
  }

  #answer(call: ServedCall, event: Fields): void {
    if (call.settled) {
      return;
    }
    this.#accept(call);
    const outcome = outcomeOf(call, event);
    if (outcome) {
      call.answer = event;
      this.#settle(call, outcome);
    }
  }

  #settle(call: ServedCall, outcome: { value: unknown } | Failure): void {
    if (call.settled) {
      return;
    }
    call.outcome = outcome;
    call.timers.forEach(clearTimeout);
    this.#stopWaiting(call.id);
    if (this.#inFlight.get(call.referenceId) === call) {
      this.#inFlight.delete(call.referenceId);
    }
    this.#tell(call);
    const earlier = this.#earlier.end(call);
    if (earlier && !earlier.settled) {
      earlier.delivery = call.delivery;
      earlier.answer = call.answer;
      this.#settle(earlier, (call.answer && outcomeOf(earlier, call.answer)) ?? outcome);
    }
  }

  /** Tells the page what has come of a call, if it waits for it. */
  #tell({ id, outcome, delivery, referenceId }: ServedCall): void {
    if (id === undefined || outcome === undefined) {
      return;
    }
    if ("value" in outcome) {
      this.#resolve(id, outcome.value);
    } else {
      this.#reject(id, { delivery, referenceId, ...outcome });
    }
  }

  #abort(id: number): void {
    for (const call of this.#inFlight.values()) {
      if (call.id === id) {
        this.#settle(call, aborted);
      }
    }
  }

  #close(id: number, options: unknown): void {
    const problems = checkOptions(options, { forget: "boolean" });
    if (problems.length > 0) {
      this.#reject(id, invalid(problems, "request or options"));
      return;
    }
    this.end({ code: "CLOSED", message: "the client was closed" });
    if ((options as { forget?: unknown } | undefined)?.forget === true) {
      if (this.#ending && this.#isForeign) {
        this.#reject(id, this.#ending);
        return;
      }
      for (const earlier of this.#earlier) {
        earlier.dismissed = true;
      }
    }
    this.#resolve(id);
  }

  #subscribe({ id, channel, listener }: FromPage & { kind: "subscribe" }): void {
    const problems: Problem[] = [];
    const why = typeof channel === "string" ? wrongChannel(channel) : "must be a string";
    if (why !== undefined) {
      problems.push({ field: "channel", message: why });
    }
    if (!isFunction(listener)) {
      problems.push({ field: "listener", message: "must be a function" });
    }
    if (problems.length > 0) {
      this.#reject(id, invalid(problems, "request or options"));
      return;
    }
    this.#subscribeTo(id, channel as string);
  }

  #subscribeTo(id: number, channel: string): void {
    const subscribe = () => {
      const words = this.#refused.get(channel);
      if (words === undefined) {
        this.#subscriptions.set(id, channel);
        this.#resolve(id);
      } else {
        const message = `the server refused the subscription to ${channel}: ${words}`;
        this.#reject(id, { code: "SUBSCRIBE_REFUSED", message });
      }
    };
    this.#whenConnected(id, subscribe, (why) => this.#reject(id, why));
  }

  #waitingFor(referenceId: unknown): ServedCall | undefined {
    return this.#inFlight.get(referenceId as string) ?? this.#earlier.find(referenceId)?.call;
  }

  /** Whether another agent is signed in now: what an earlier client has left is not theirs. */
  get #isForeign(): boolean {
    return this.#ending?.code === "AGENT_CHANGED";
  }

  #list(): unknown {
    const listed = this.#isForeign ? [] : this.#earlier.listed;
    return listed.map(({ call, sentAt, answerableUntil }) => ({
      method: call.method,
      request: { ...asSent(call.row, call.request), referenceId: call.referenceId },
      referenceId: call.referenceId,
      delivery: call.delivery,
      answered: call.settled,
      sentAt,
      answerableUntil: call.settled ? null : (answerableUntil ?? this.#lost),
    }));
  }

  #awaitSettled(id: number, referenceId: string): void {
    const call = this.#earlier.find(referenceId)?.call;
    if (!call) {
      const message = "no unsettled call has this reference";
      this.#reject(id, invalid([{ field: "referenceId", message }]));
      return;
    }
    call.id = id;
    if (this.#ending && (this.#isForeign || !call.settled)) {
      this.#rejectWaiter(call, this.#ending);
    } else {
      this.#tell(call);
    }
  }

  /** Tells who waits for an unsettled call that the client has come to its end; the call stays unsettled. */
  #rejectWaiter(call: ServedCall, why: Failure): void {
    const { id, delivery, referenceId } = call;
    call.id = undefined;
    this.#reject(id as number, { delivery, referenceId, ...why });
  }

  #forget(id: number, referenceId: unknown): void {
    if (typeof referenceId !== "string") {
      const problem = { field: "referenceId", message: "must be a string" };
      this.#reject(id, invalid([problem], "request or options"));
      return;
    }
    const earlier = this.#earlier.find(referenceId);
    if (earlier && isListed(earlier)) {
      const { call } = earlier;
      if (this.#ending && this.#isForeign) {
        this.#reject(id, { ...this.#ending, delivery: call.delivery, referenceId });
        return;
      }
      earlier.dismissed = true;
      this.#settle(call, { code: "CLOSED", message: "the unsettled call was forgotten" });
    }
    this.#resolve(id);
  }

  #resolve(id: number, value?: unknown): void {
    this.#send({ kind: "resolved", id, value });
  }

  #reject(id: number, failure: Failure): void {
    const error = { delivery: "not-sent" as const, ...failure };
    this.#send({ kind: "rejected", id, error: error as (ToPage & { kind: "rejected" })["error"] });
  }

  #send(message: ToPage): void {
    this.#say(JSON.stringify([message]));
  }
}

const aborted = {
  code: "ABORTED",
  message: "aborted by the caller",
  cause: { of: "signal" },
} as const;

function invalid(problems: Problem[], what = "request"): Failure {
  const list = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  const message = `wrong ${what}, nothing was sent: ${list}`;
  return { code: "INVALID_REQUEST", message, delivery: "not-sent", problems };
}

/** Whether a request may have been processed that fails with this status of HTTP. */
function leavesOpen(status: number): boolean {
  return status === 408 || status >= 500;
}

/** Whether an event on `channel` belongs to a subscription. */
function matches(pattern: string, channel: string): boolean {
  if (pattern.endsWith("/**")) {
    return channel.startsWith(pattern.slice(0, -2));
  }
  if (pattern.endsWith("/*")) {
    const rest = channel.slice(pattern.length - 1);
    return channel.startsWith(pattern.slice(0, -1)) && rest !== "" && !rest.includes("/");
  }
  return pattern === channel;
}

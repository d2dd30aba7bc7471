import type { Delivery, OutboundErrorInit } from "./error.js";
import type { Method } from "./remote-client.js";
import type { Fields, Row } from "./testing-check.js";
import type { Reply } from "./testing-reply.js";
import { rows } from "./testing-table.js";

/** How a call fails; its delivery is that of the call, unless it is here. */
export type Failure = Pick<OutboundErrorInit, "code" | "message"> & Partial<OutboundErrorInit>;

/** A call of this client, or one that an earlier client has left. */
export class ServedCall {
  readonly method: Method;
  readonly request: Fields;
  readonly referenceId: string;
  delivery: Delivery;
  /** What is still to happen to it. */
  readonly timers: ReturnType<typeof setTimeout>[] = [];
  readonly row: Row;
  readonly #serve: (call: ServedCall, reply: Reply) => void;
  /** By which the page knows it; undefined of an unsettled call that nobody waits for. */
  id: number | undefined;
  records: unknown[] = [];
  /** Events may have been lost since the request has left. */
  gap = false;
  /** The event that has ended it; undefined until then, and where it has ended otherwise. */
  answer: Fields | undefined;
  /** What it has come to; undefined until then. */
  outcome: { value: unknown } | Failure | undefined;

  constructor(
    row: Row,
    request: Fields,
    referenceId: string,
    serve: (call: ServedCall, reply: Reply) => void,
    id?: number,
  ) {
    this.#serve = serve;
    this.row = row;
    this.method = row.method;
    this.request = request;
    this.referenceId = referenceId;
    this.id = id;
    this.delivery = "not-sent";
  }

  get settled(): boolean {
    return this.outcome !== undefined;
  }

  /** Whether it has come to what was asked for. */
  get succeeded(): boolean {
    return this.outcome !== undefined && "value" in this.outcome;
  }

  reply(reply: Reply): void {
    this.#serve(this, reply);
  }
}

/** As errors have it. */
export function requestLine({ row, request }: ServedCall): string {
  const path = row.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(`${request[name]}`));
  return `POST ${path}`;
}

/** The fields of a record or a campaign that events repeat. */
const repeated = [
  "recordHandle",
  "applicationId",
  "campaignName",
  "callingList",
  "devicePath",
  "callResult",
  "phoneNumber",
];

/** An event as servers send it for a call. */
export function eventOf(
  { row, request, referenceId }: ServedCall,
  notificationType: string,
): Fields {
  const { messageType } = row;
  const event = { messageType, notificationType, referenceId };
  if (messageType === "OutboundCampaignMessage") {
    const { campaignName, applicationId, devicePath } = request;
    return { ...event, campaign: { name: campaignName, applicationId, devicePath } };
  }
  const record: { [name: string]: unknown } = {};
  for (const name of repeated) {
    if (request[name] !== undefined) {
      record[name] = request[name];
    }
  }
  return { ...event, record };
}

/** The events that acknowledge a call; the last one ends it. */
export function acknowledgements(call: ServedCall, result: unknown): Fields[] {
  const named = (role: string) =>
    Object.entries(call.row.answers).find(([, other]) => other === role)?.[0] as string;
  const final = eventOf(call, named("final"));
  switch (call.row.result) {
    case "data":
      return [{ ...final, ...(result as Fields | undefined) }];
    case "record":
      return result === null
        ? [eventOf(call, named("nothing"))]
        : [{ ...final, record: result ?? { recordHandle: 1, ...(final.record as Fields) } }];
    case "records":
      return [
        ...((result ?? []) as Fields[]).map((record) => ({
          ...eventOf(call, named("element")),
          record,
        })),
        final,
      ];
  }
}

/**
 * Whether an event on the outbound channel is for who listens: an answer to a request is not, though it answers none that
 * waits; a record without a reference is one that the server pushes.
 */
export function isNews({ notificationType, referenceId }: Fields): boolean {
  if (typeof notificationType !== "string" || notificationType === "") {
    return false;
  }
  const pushed = notificationType === "PreviewRecord" && !referenceId;
  return pushed || !rows.some(({ answers }) => Object.hasOwn(answers, notificationType));
}

/** What a call comes to by an event; undefined of an element of a list, which is kept. */
export function outcomeOf(call: ServedCall, event: Fields): ServedCall["outcome"] {
  const { answers, result } = call.row;
  const name = `${event.notificationType}`;
  const role = Object.hasOwn(answers, name) ? answers[name] : undefined;
  if (role === "element") {
    call.records.push(event.record);
    return undefined;
  }
  if (role === undefined) {
    const expected = Object.keys(answers).join(" or ");
    const message = `GWS answered with ${JSON.stringify(name)} in place of ${expected}`;
    return { code: "RECORD_ERROR", message, event };
  }
  if (result === "records" && call.gap) {
    const message = `GWS answered with ${JSON.stringify(name)}, but events may have been lost while the list was coming, and records with them: ask for it again`;
    return { code: "RECORD_ERROR", message, event };
  }
  const record = role === "nothing" ? null : event.record;
  return { value: result === "data" ? event : result === "record" ? record : call.records };
}

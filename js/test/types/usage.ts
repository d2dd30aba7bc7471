// What must compile, as a caller writes it.

import {
  type AddRecordRequest,
  CallResult,
  type CallResultName,
  type ChannelEvent,
  type ChannelListener,
  type ClientOptions,
  type ClientStats,
  type CompleteRecordRequest,
  createClient,
  type Delivery,
  type GapDetail,
  type LogEntry,
  load,
  type OutboundClient,
  OutboundError,
  type OutboundNotification,
  type OutboundRecord,
  type RecordEvent,
  type Subscription,
  type UnsettledCall,
  type UnsettledCallOf,
  type UnsettledMethod,
} from "gws-outbound";

await load();
await load({ wasmUrl: new URL("./outbound.wasm", "https://cdn.example/"), worker: false });
await load({ wasmIntegrity: "sha384-", workerUrl: "/gws/worker.js", worker: "shared" });

const options: ClientOptions = {
  baseUrl: "https://gws.example",
  transports: ["long-polling", "websocket"],
  headers: async () => new Headers({ Authorization: "Bearer token" }),
  credentials: "same-origin",
  channels: ["/v2/me/calls"],
  ackTimeout: 5000,
  maxMessageSize: 1 << 20,
  journal: true,
  signal: AbortSignal.timeout(1000),
  logLevel: "off",
};
const client: OutboundClient = await createClient(options);
await createClient();
await createClient({ headers: { a: "b" } });
await createClient({ headers: [["a", "b"]] });
await createClient({ headers: () => [["a", "b"]] });

client.addEventListener("statechange", (event) => {
  const state: "connecting" | "connected" | "reconnecting" | "closed" = event.detail.state;
  const wait: number | undefined = event.detail.retryIn;
  return [state, wait];
});
client.addEventListener("notification", ({ detail }) => detail.data.anything, { once: true });
client.addEventListener("statechange", { handleEvent: ({ detail }) => detail.transport });
client.addEventListener("gap", ({ detail }) => detail.reason.length);
const subscription: Subscription = await client.subscribe("/v2/me/*", ({ channel, data }) => {
  const text: string = channel;
  return [text, data.anything];
});
const ended: Promise<void> = subscription.unsubscribe();
await ended;
const hear: ChannelListener = (event: ChannelEvent) => event.channel;
await client.subscribe("/v2/me/calls", hear);
const why = (detail: GapDetail): string => detail.reason;
why({ reason: "" });
client.addEventListener("anything", (event: Event) => event.type);
const target: EventTarget = client;
target.addEventListener("statechange", () => {});

const request: CompleteRecordRequest = {
  recordHandle: "9223372036854775807",
  applicationId: 134,
  campaignName: "Campaign1",
  callingList: "CallingList1",
  devicePath: "/devices/1",
  callResult: "Answer",
};
const event: RecordEvent = await client.completeRecord(request, { ackTimeout: 100 });
const handle: number | string | undefined = event.record?.recordHandle;
const more: unknown = event.somethingElse;

// A server's own list of results.
await client.completeRecord(
  { ...request, recordHandle: 12, callResult: "OurOwnResult", operationName: "CompleteRecord" },
  { allowUnknownCallResult: true },
);

const { campaignName, applicationId, devicePath } = request;
const agent = { campaignName, applicationId, devicePath };
const { notificationType } = await client.rescheduleRecord({
  ...agent,
  recordHandle: 12,
  callbackType: "Personal",
  timestamp: new Date(),
});
const either: "RecordRescheduleAcknowledge" | "ScheduledRecordRescheduleAcknowledge" =
  notificationType;
await client.rescheduleRecord(
  { ...agent, recordHandle: "12", callbackType: "Campaign", timestamp: 1_800_000_000 },
  { signal: AbortSignal.timeout(1), ackTimeout: 1 },
);
await client.doNotCallRecord({ ...agent, recordHandle: 12, callingList: "L" });
const number: AddRecordRequest = {
  ...agent,
  callingList: "L",
  phoneNumber: "1",
  phoneType: "Mobile",
  timeZone: "GMT",
  from: 32_400,
  until: 72_000,
};
const userData: { FirstName: string; Premium: number; Vip?: boolean } = {
  FirstName: "Zoë",
  Premium: 12.5,
};
const added: "AddRecordAcknowledge" = (
  await client.addRecord({ ...number, chainId: 7, otherFields: { ...userData, Note: undefined } })
).notificationType;
await client.doNotCallRecord({ ...agent, phoneNumber: "1", chainAttribute: "AllChain" });
const preview: OutboundRecord | null = await client.getPreviewRecord(agent);
const chain: OutboundRecord[] = await client.getChainedRecords({ ...agent, recordHandle: 12 });
const campaign: string | undefined = (await client.startPreviewSession(agent)).campaign?.name;

client.addEventListener("notification", ({ detail }) => {
  const data: OutboundNotification = detail.data;
  switch (data.notificationType) {
    case "CampaignStarted":
      return data.campaign?.name?.toUpperCase();
    case "PreviewRecord":
      return data.record?.phoneNumber?.toUpperCase();
    default:
      return data.notificationType.toUpperCase();
  }
});

async function goOn(call: UnsettledCall): Promise<unknown> {
  const known: [string, Delivery, number] = [
    call.referenceId,
    call.delivery,
    call.sentAt.getTime(),
  ];
  switch (call.method) {
    case "completeRecord": {
      const { record } = await call.settled;
      const handle: number | string = call.request.recordHandle;
      return [known, record, handle, await client.completeRecord(call.request)];
    }
    case "getPreviewRecord":
      return (await call.settled)?.phoneNumber;
    case "doNotCallRecord":
      return client.doNotCallRecord(call.request, { ackTimeout: 1000 });
    default:
      return call.settled;
  }
}
const interrupted: UnsettledCall[] = await client.unsettled();
await Promise.all(interrupted.map(goOn));
const method: UnsettledMethod | undefined = interrupted[0]?.method;
const completion = (await client.unsettled()).find(
  (call): call is UnsettledCallOf<"completeRecord"> => call.method === "completeRecord",
);
await client.forget(completion?.request.referenceId ?? "");
const { posts, medianRoundTrip }: ClientStats = await client.stats();
export const figures = [posts, medianRoundTrip?.toFixed()];
await client.close({ forget: true });
await client.close();

const entries: LogEntry[] = [];
await createClient({ logLevel: "debug", log: (entry) => entries.push(entry) });

const code: 33 = CallResult.Answer;
const names = Object.keys(CallResult) as CallResultName[];
const byName: Readonly<Record<string, number>> = CallResult;

try {
  await client.completeRecord(request);
} catch (error) {
  if (error instanceof OutboundError) {
    const delivery: Delivery = error.delivery;
    switch (error.code) {
      case "INVALID_REQUEST":
        error.problems?.map(({ field, message }) => `${field}: ${message}`);
        break;
      case "API_ERROR":
        console.log(error.statusCode?.toFixed(), error.statusMessage, error.httpStatus);
        break;
      case "RECORD_ERROR":
        console.log(error.event.notificationType, error.referenceId, delivery);
    }
  }
}

export { added, byName, campaign, chain, code, either, handle, method, more, names, preview };

// What must not compile.

import { CallResult, createClient, load, OutboundError } from "gws-outbound";

// @ts-expect-error: not a URL
await load({ wasmUrl: 1 });
// @ts-expect-error: no such option
await createClient({ baseURL: "https://gws.example" });
// @ts-expect-error: no such transport
await createClient({ transports: ["callback-polling"] });
// @ts-expect-error: milliseconds are a number
await createClient({ ackTimeout: "30s" });

// @ts-expect-error: a function
await createClient({ log: console });
// @ts-expect-error: on or off
await createClient({ journal: "indexedDB" });

const client = await createClient();
const request = {
  recordHandle: 12,
  applicationId: 134,
  campaignName: "Campaign1",
  callingList: "CallingList1",
  devicePath: "/devices/1",
};
// @ts-expect-error: the fields are missing
await client.completeRecord({ recordHandle: 12 });
// @ts-expect-error: no such field
await client.completeRecord({ ...request, agent: "me" });
// @ts-expect-error: a name, not its code
await client.completeRecord({ ...request, callResult: CallResult.Answer });
// @ts-expect-error: another operation
await client.completeRecord({ ...request, operationName: "RejectRecord" });
// @ts-expect-error: no such option
await client.completeRecord(request, { requestTimeout: 1 });

// @ts-expect-error: the option of another method
await client.rejectRecord(request, { allowUnknownCallResult: true });
// @ts-expect-error: neither a record nor a number
await client.doNotCallRecord({ applicationId: 1, campaignName: "C", devicePath: "/devices/1" });
// @ts-expect-error: no such choice
await client.cancelRecord({ ...request, chainAttribute: "Chain" });
const number = {
  applicationId: 1,
  campaignName: "C",
  callingList: "L",
  devicePath: "/devices/1",
  phoneNumber: "1",
  phoneType: "Mobile",
  timeZone: "GMT",
  from: 0,
  until: 86_400,
} as const;
// @ts-expect-error: what only updateRecord can leave out
await client.addRecord({ ...number, timeZone: undefined });
// @ts-expect-error: it has no handle yet
await client.addRecord({ ...number, recordHandle: 12 });
// @ts-expect-error: an integer
await client.addRecord({ ...number, chainId: [7] });
// @ts-expect-error: no object in an object
await client.addRecord({ ...number, otherFields: { address: { street: "Linden Road" } } });
// @ts-expect-error: no list
await client.addRecord({ ...number, otherFields: ["FirstName"] });
// @ts-expect-error: it may be null
(await client.getPreviewRecord(request)).recordHandle;

const [call] = await client.unsettled();
if (call) {
  // @ts-expect-error: which method it was has to be looked at first
  await client.completeRecord(call.request);
  // @ts-expect-error: it is not written down
  call.method === "getChainedRecords";
  // @ts-expect-error: read only
  call.delivery = "rejected";
}
// @ts-expect-error: its reference
await client.forget(call);
// @ts-expect-error: no such option
await client.close({ forgetAll: true });

// @ts-expect-error: read only
client.state = "closed";
// @ts-expect-error: read only
CallResult.Answer = 1;
// @ts-expect-error: no such call result
CallResult.Anser;
// @ts-expect-error: a function is wanted
await client.subscribe("/v2/me/calls", { handleEvent() {} });
// @ts-expect-error: one channel
await client.subscribe(["/v2/me/calls"], () => {});
// @ts-expect-error: no such detail of a gap
client.addEventListener("gap", ({ detail }) => detail.channel);
// @ts-expect-error: no such detail
client.addEventListener("statechange", ({ detail }) => detail.data);

const error = new OutboundError({ code: "CLOSED", message: "closed", delivery: "not-sent" });
// @ts-expect-error: no such code
error.code === "TIMEOUT";
// @ts-expect-error: read only
error.delivery = "accepted";

// The first completion.

import { createClient } from "gws-outbound";

const client = await createClient({ baseUrl: "https://gws.example.com" });
const event = await client.completeRecord({
  recordHandle: 12,
  applicationId: 134,
  campaignName: "Campaign1",
  callingList: "CallingList1",
  devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
  callResult: "Answer",
});
console.log("completed", event.record);

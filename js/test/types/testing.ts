// The client for tests, as an app written in TypeScript uses it.

import { type OutboundClient, OutboundError } from "gws-outbound";
import {
  acknowledge,
  createTestClient,
  delay,
  hold,
  lose,
  type Reply,
  recordError,
  reject,
  type TestCall,
  type TestServer,
} from "gws-outbound/testing";

const { client, server } = await createTestClient({
  ackTimeout: 1000,
  channels: ["/v2/me/calls"],
  unsettled: [
    {
      method: "completeRecord",
      request: {
        recordHandle: 1,
        applicationId: 2,
        campaignName: "c",
        callingList: "l",
        devicePath: "/devices/1",
      },
      referenceId: "r",
      delivery: "accepted",
      sentAt: new Date(),
      answerableUntil: null,
    },
  ],
});
// What an app's own functions take.
export const outbound: OutboundClient = client;
export const handle: TestServer = server;

const replies: Reply[] = [
  acknowledge({ record: { recordHandle: 1 } }),
  acknowledge([{ recordHandle: 1 }]),
  acknowledge(null),
  reject({ statusCode: 2, statusMessage: "no" }),
  reject({ httpStatus: 503 }),
  recordError({ notificationType: "RecordProcessedError" }),
  lose("REQUEST_TIMEOUT"),
  delay(100),
  delay(100, lose()),
];
for (const reply of replies) {
  server.replyOnce(reply);
}
server.reply((call) => (call.request.callResult === "Busy" ? hold() : acknowledge()));
const calls: readonly TestCall[] = server.calls;
calls[0]?.reply(acknowledge());
server.disconnect("offline", 500);
server.reconnect({ newSession: true });

// @ts-expect-error no such field
server.replyOnce(reject({ status: 2 }));
// @ts-expect-error not a reason of an error
lose("ACK_TIMEOUT");
// @ts-expect-error the list is the server's
server.calls.push();
export const isOurs = (error: unknown) => error instanceof OutboundError;

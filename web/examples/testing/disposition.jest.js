/** @jest-environment jsdom */

import { createClient } from "gws-outbound";
import { createTestClient, hold } from "gws-outbound/testing";
import { complete, connect } from "./disposition.js";

jest.mock("gws-outbound", () => ({
  ...jest.requireActual("gws-outbound"),
  createClient: jest.fn(),
}));

const request = {
  recordHandle: 12,
  applicationId: 134,
  campaignName: "Campaign1",
  callingList: "CallingList1",
  devicePath: "/devices/1",
  callResult: "Answer",
};
const status = document.createElement("output");

afterEach(() => jest.useRealTimers());

test("an acknowledged record is completed", async () => {
  const { client, server } = await createTestClient();
  createClient.mockResolvedValueOnce(client);
  await complete(await connect(status), request, status);
  expect(status.textContent).toBe("Completed.");
  expect(server.calls[0].request).toEqual(request);
});

test("without an acknowledgement the agent is told after 30 s", async () => {
  jest.useFakeTimers();
  const { client, server } = await createTestClient();
  server.reply(hold());
  const done = complete(client, request, status);
  await jest.advanceTimersByTimeAsync(30_000);
  await done;
  expect(status.textContent).toMatch(/^ACK_TIMEOUT\. Look at the record/);
});

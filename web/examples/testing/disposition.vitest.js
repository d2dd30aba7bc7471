// @vitest-environment jsdom

import { createClient, OutboundError } from "gws-outbound";
import { acknowledge, createTestClient, hold, lose, reject } from "gws-outbound/testing";
import { afterEach, expect, test, vi } from "vitest";
import { complete, connect } from "./disposition.js";

vi.mock("gws-outbound", async (importOriginal) => ({
  ...(await importOriginal()),
  createClient: vi.fn(),
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

afterEach(() => vi.useRealTimers());

test("an acknowledged record is completed", async () => {
  const { client, server } = await createTestClient();
  await complete(client, request, status);
  expect(status.textContent).toBe("Completed.");
  expect(server.calls).toHaveLength(1);
  expect(server.calls[0].request).toEqual(request);
});

test("the server's words are shown, and what is safe to do", async () => {
  const { client, server } = await createTestClient();
  server.replyOnce(reject({ statusCode: 2, statusMessage: "not your record" }));
  await complete(client, request, status);
  expect(status.textContent).toBe("not your record. Refused.");
  server.replyOnce(lose());
  await complete(client, request, status);
  expect(status.textContent).toMatch(/^NETWORK_ERROR\. Look at the record/);
});

test("without an acknowledgement the agent is told after 30 s", async () => {
  vi.useFakeTimers();
  const { client, server } = await createTestClient();
  server.reply(hold());
  const done = complete(client, request, status);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(status.textContent).toBe("Completing …");
  await vi.advanceTimersByTimeAsync(1);
  await done;
  expect(status.textContent).toMatch(/^ACK_TIMEOUT\. Look at the record/);
});

test("an acknowledgement that comes late counts", async () => {
  const { client, server } = await createTestClient();
  server.reply(hold());
  const done = complete(client, request, status);
  server.calls[0].reply(acknowledge());
  await done;
  expect(status.textContent).toBe("Completed.");
});

test("the connection is shown, and a refused one is thrown", async () => {
  const { client, server } = await createTestClient();
  createClient.mockResolvedValueOnce(client);
  await connect(status);
  expect(status.textContent).toBe("connected");
  server.disconnect("the wire was cut");
  expect(status.textContent).toBe("reconnecting");

  const init = { code: "CONNECT_FAILED", message: "no session", delivery: "not-sent" };
  createClient.mockRejectedValueOnce(new OutboundError(init));
  await expect(connect(status)).rejects.toMatchObject({ code: "CONNECT_FAILED" });
});

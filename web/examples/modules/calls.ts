// Cancelling, deadlines, and what to do with an error.

import { type CompleteRecordRequest, type OutboundClient, OutboundError } from "gws-outbound";

export async function complete(
  client: OutboundClient,
  request: CompleteRecordRequest,
  button: HTMLButtonElement,
): Promise<string> {
  const waiting = new AbortController();
  const stop = () => waiting.abort(new Error("the agent stopped waiting"));
  button.addEventListener("click", stop);
  try {
    const event = await client.completeRecord(request, {
      signal: waiting.signal,
      ackTimeout: 15_000,
    });
    return `completed: ${event.record?.recordHandle}`;
  } catch (error) {
    if (!(error instanceof OutboundError)) {
      throw error;
    }
    switch (error.delivery) {
      case "not-sent":
      case "rejected":
        return `nothing was done, try again: ${error.message}`;
      default: // "accepted" or "unknown"
        return `look at the record before you try again: ${error.message}`;
    }
  } finally {
    button.removeEventListener("click", stop);
  }
}

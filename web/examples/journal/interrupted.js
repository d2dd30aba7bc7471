/**
 * What earlier pages have left without an end: what can be said of each call, the Promise of its
 * end, and what takes it off the list once somebody has looked at the record.
 */
export async function interrupted(client) {
  const calls = await client.unsettled();
  return calls.map(({ method, request, referenceId, delivery, sentAt, settled }) => ({
    text:
      `${method} of record ${request.recordHandle}, sent at ${sentAt.toLocaleTimeString()}: ` +
      (delivery === "accepted"
        ? "accepted, the outcome is not known"
        : "it may have been processed"),
    settled,
    forget: () => client.forget(referenceId),
  }));
}

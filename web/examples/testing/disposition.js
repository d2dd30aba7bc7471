// An app's own code, which the tests beside it are about.

import { createClient, OutboundError } from "gws-outbound";

const advice = {
  "not-sent": "Nothing was sent: try again.",
  rejected: "Refused.",
  accepted: "Look at the record before you try again.",
  unknown: "Look at the record before you try again.",
};

/** Completes a record, and says in `status` what has become of it. */
export async function complete(client, request, status) {
  status.textContent = "Completing …";
  try {
    await client.completeRecord(request);
    status.textContent = "Completed.";
  } catch (error) {
    if (!(error instanceof OutboundError)) {
      throw error;
    }
    status.textContent = `${error.statusMessage ?? error.code}. ${advice[error.delivery]}`;
  }
}

/** Connects, and shows in `status` how the connection is. */
export async function connect(status) {
  const client = await createClient({ baseUrl: "https://gws.example.com" });
  const show = () => {
    status.textContent = client.state;
  };
  client.addEventListener("statechange", show);
  show();
  return client;
}

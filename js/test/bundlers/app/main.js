// An app as a developer writes it. What it completes and where, and the
// outcome, it has from and puts into the page's globals, for the test.

import { CallResult, createClient, OutboundError } from "gws-outbound";

globalThis.completeOne = async ({ options, request }) => {
  const client = await createClient(options);
  globalThis.host = client.host;
  try {
    return await client.completeRecord(request);
  } finally {
    await client.close();
  }
};
globalThis.exported = { answer: CallResult.Answer, error: new OutboundError({}).name };

// Does every operation once, in the simulator's campaign.

import { createClient } from "../../../js/dist/index.js";
import * as operations from "./operations.js";

const log = document.querySelector("#log");
const campaign = "Renewals";
const agent = {
  applicationId: 134,
  devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
};

function show(line) {
  log.append(Object.assign(document.createElement("li"), { textContent: line }));
}

// The sign-in of the simulator behind `make run`. A page that GWS knows by its
// session cookie needs none.
const headers = { Authorization: `Basic ${btoa("agent:secret")}` };

try {
  const client = await createClient({ headers });
  operations.watchCampaigns(client, show);

  const started = await operations.startPreviewing(client, agent, campaign);
  show(`previewing ${started}`);

  const next = async () => {
    const record = await operations.nextRecord(client, agent, campaign);
    if (!record) {
      throw new Error("the campaign has no more records");
    }
    return record;
  };
  const first = await next();
  const others = await operations.otherNumbers(client, agent, first);
  show(`${others.length} other numbers`);
  await operations.addNumber(client, agent, first, "5551299");
  show("number added");
  await operations.correctNumber(client, agent, first, "5551234");
  show("number corrected");
  await operations.complete(client, agent, first);
  show("completed");
  await operations.callBackInAnHour(client, agent, await next());
  show("to be called back");
  await operations.leaveToOthers(client, agent, await next());
  show("left to others");
  await operations.cancelContact(client, agent, await next());
  show("cancelled");
  await operations.doNotCall(client, agent, await next());
  show("not to be called");
  await operations.doNotCallNumber(client, agent, campaign, "5551234");
  show("number not to be called");
  await operations.endPreviewing(client, agent, campaign);
  show("done");
  await client.close();
} catch (error) {
  show(error.message);
}

// A page without a bundler. In a deployment, `js/dist` is wherever the
// package's files were put.

import { createClient } from "../../../js/dist/index.js";

const form = document.querySelector("#form");
const state = document.querySelector("#state");
const outcome = document.querySelector("#outcome");

// The sign-in of the simulator behind `make run`. A page that GWS knows by its
// session cookie needs none.
const headers = { Authorization: `Basic ${btoa("agent:secret")}` };

try {
  const client = await createClient({ headers });
  const show = () => {
    state.textContent = client.state;
    form.querySelector("button").disabled = client.state === "closed";
  };
  client.addEventListener("statechange", show);
  show();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.textContent = "waiting for the acknowledgement";
    try {
      const { record } = await client.completeRecord({
        ...Object.fromEntries(new FormData(form)),
        applicationId: 134,
        campaignName: "Campaign1",
        callingList: "CallingList1",
        devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
      });
      outcome.textContent = `record ${record.recordHandle} is completed`;
    } catch (error) {
      outcome.textContent = advice(error);
    }
  });
} catch (error) {
  state.textContent = error.message;
}

/** What an agent can do, which follows from `delivery`. */
function advice({ message, delivery }) {
  switch (delivery) {
    case "not-sent":
    case "rejected":
      return `Nothing was done, try again: ${message}`;
    default:
      return `Look at the record before you try again: ${message}`;
  }
}

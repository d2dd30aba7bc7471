// A page that finds again what a reload or a crash has interrupted.

import { createClient } from "../../../js/dist/index.js";
import { interrupted } from "./interrupted.js";

const state = document.querySelector("#state");
const calls = document.querySelector("#calls");
const button = document.querySelector("#complete");

// The sign-in of the simulator behind `make run`. A page that GWS knows by its
// session cookie needs none.
const headers = { Authorization: `Basic ${btoa("agent:secret")}` };

/** Adds a line that says what becomes of a call, with a button for one that is unsettled. */
function show(text, settled, forget) {
  const line = document.createElement("li");
  line.append(text);
  if (forget) {
    const looked = Object.assign(document.createElement("button"), {
      textContent: "I have looked",
    });
    looked.addEventListener("click", forget);
    line.append(" ", looked);
  }
  calls.append(line);
  settled.then(
    () => line.replaceChildren("completed"),
    ({ code, delivery }) => line.replaceChildren(`${code}, ${delivery}`),
  );
}

try {
  const client = await createClient({ headers, journal: true });
  for (const { text, settled, forget } of await interrupted(client)) {
    show(text, settled, forget);
  }
  button.disabled = false;
  button.addEventListener("click", () => {
    const completed = client.completeRecord({
      recordHandle: 12,
      applicationId: 134,
      campaignName: "Campaign1",
      callingList: "CallingList1",
      devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
    });
    show("waiting for the acknowledgement", completed);
  });
  state.textContent = client.state;
} catch (error) {
  state.textContent = error.message;
}

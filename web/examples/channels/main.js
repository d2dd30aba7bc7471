// A desktop's devices, calls and channels, over the one CometD session that completes records as well.

import { createClient } from "../../../js/dist/index.js";
import { watchDesk } from "./desk.js";

const find = (id) => document.querySelector(`#${id}`);

// The sign-in of the simulator behind `make run`. A page that GWS knows by its
// session cookie needs none.
const headers = { Authorization: `Basic ${btoa("agent:secret")}` };

let asked = 0;

/** Asks GWS for what there is. The simulator has none of it. */
async function ask(kind) {
  const response = await fetch(`/api/v2/me/${kind}?fields=*`);
  find("asked").textContent = `asked ${++asked} times`;
  return response.ok ? ((await response.json())[kind] ?? []) : [];
}

function show(desk) {
  for (const [kind, items] of Object.entries(desk)) {
    const lines = [...items.values()].map((item) => {
      const line = document.createElement("li");
      line.textContent = `${item.phoneNumber ?? item.id}: ${item.deviceState ?? item.state}`;
      return line;
    });
    find(kind).replaceChildren(...lines);
  }
}

try {
  const client = await createClient({ headers });
  const stop = await watchDesk(client, ask, show);
  find("stop").disabled = false;
  find("stop").addEventListener("click", async () => {
    await stop();
    find("state").textContent = "stopped";
  });
  client.addEventListener("statechange", ({ detail }) => {
    find("state").textContent = detail.state;
  });
  find("state").textContent = client.state;
} catch (error) {
  find("state").textContent = error.message;
}

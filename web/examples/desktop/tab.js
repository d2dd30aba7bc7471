// A tab of a desktop that has its own cometd.js, with gws-outbound beside it.

import { createClient } from "../../../js/dist/index.js";
import { AckExtension, CometD } from "../../../js/node_modules/cometd/cometd.js";
import { Rate } from "./rate.js";

const find = (id) => document.querySelector(`#${id}`);
const asked = new URLSearchParams(location.search);
const name = asked.get("name") ?? "Tab";
const way = asked.get("way") ?? "separate";
find("name").textContent = name;

// The sign-in of the simulator behind `make run`. A page that GWS knows by its
// session cookie needs none.
const headers = { Authorization: `Basic ${btoa("agent:secret")}` };
const transports = ["long-polling"];

/** Milliseconds of what came last, and of the slowest. */
class Times {
  slowest = 0;

  add(took) {
    this.last = took;
    this.slowest = Math.max(this.slowest, took);
  }

  show(last, slowest) {
    const text = (ms) => (this.last === undefined ? "–" : `${Math.round(ms)} ms`);
    find(last).textContent = text(this.last);
    find(slowest).textContent = text(this.slowest);
  }
}

function showState(part, state) {
  const pill = find(`${part}-state`);
  pill.dataset.state = state;
  pill.textContent = state;
}

// The desktop: cometd.js, as it is.

const cometd = new CometD();
const events = new Times();
const desktopRequests = new Rate();
let connected = false;
let crowded = false; // the server holds the request of another client of this browser

// What gws-outbound requests in its Worker is not in this page's list.
new PerformanceObserver((list) => {
  const own = list.getEntries().filter(({ initiatorType }) => initiatorType === "xmlhttprequest");
  desktopRequests.add(own.length);
}).observe({ type: "resource" });

async function connectDesktop() {
  await fetch("/api/v2/me", { headers }); // for the cookie
  cometd.registerExtension("ack", new AckExtension());
  cometd.unregisterTransport("websocket");
  const url = `${location.origin}/api/v2/notifications`;
  cometd.configure({ url, useWorkerScheduler: false }); // the demo's policy forbids a Worker from a blob:
  cometd.addListener("/meta/connect", ({ successful, advice }) => {
    connected = successful;
    if (advice) crowded = advice["multiple-clients"] === true;
  });
  await new Promise((resolve) => {
    cometd.handshake(({ successful }) => {
      if (!successful) return;
      cometd.subscribe("/v2/me/calls", ({ data }) => events.add(Date.now() - data.sentAt), resolve);
    });
  });
}

// gws-outbound.

const workerUrl = `counted-worker.js?${crypto.randomUUID()}`;

/** What createClient is given, by the way that was chosen. */
const ways = {
  separate: { transports, workerUrl },
  guest: { transports, workerUrl, guest: true },
  cometd: { cometd },
  shared: { transports, worker: "shared" },
};

const completions = new Times();
const moduleRequests = new Rate();
let completed = 0;
let failed = 0;
let problem = "";

new BroadcastChannel(new URL(workerUrl, location.href).search).onmessage = () =>
  moduleRequests.add();

async function complete(client) {
  const from = performance.now();
  try {
    await client.completeRecord({
      recordHandle: 12,
      applicationId: 134,
      campaignName: "Campaign1",
      callingList: "CallingList1",
      devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
      callResult: "Answer",
    });
    completed++;
    completions.add(performance.now() - from);
  } catch (error) {
    failed++;
    problem = error.message;
  }
}

function show(client) {
  showState("desktop", connected ? "connected" : cometd.getStatus());
  find("desktop-transport").textContent = cometd.getTransport()?.type ?? "–";
  find("desktop-requests").textContent = desktopRequests.aMinute;
  events.show("desktop-event", "desktop-slowest");
  find("desktop-reason").textContent = crowded
    ? "The server holds the request of another client of this browser, and has this one ask every 2 s."
    : "";
  if (!client) return;
  showState("module", client.state);
  find("module-transport").textContent = client.transport ?? "–";
  find("module-host").textContent = client.host;
  if (ways[way].workerUrl) find("module-requests").textContent = moduleRequests.aMinute;
  if (ways[way].cometd) find("module-requests").textContent = "the desktop's, and the calls";
  find("module-completed").textContent = failed ? `${completed}, ${failed} failed` : completed;
  completions.show("module-took", "module-slowest");
  find("module-reason").textContent = problem || (client.reason ?? "");
}

let client;
setInterval(() => show(client), 250);
try {
  await connectDesktop();
  client = await createClient({ headers, ...ways[way] });
  find("complete").disabled = false;
  find("complete").addEventListener("click", () => complete(client));
  new BroadcastChannel("gws-outbound: two tabs of a desktop").onmessage = () => complete(client);
} catch (error) {
  showState("module", "closed");
  find("module-reason").textContent = error.message;
}

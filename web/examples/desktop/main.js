// Two tabs of a desktop, side by side: each is a page of its own, in a frame. What they do is in tab.js.

import { control } from "../../simulator-control.js";
import { Rate } from "./rate.js";

const find = (selector) => document.querySelector(selector);
const choices = find("#choices");
const frames = [...document.querySelectorAll("iframe")];

/** To all tabs of this browser, whether they are here in a frame or not. */
const tabs = new BroadcastChannel("gws-outbound: two tabs of a desktop");
const channel = "/v2/me/calls"; // of the desktop's own events

function open() {
  const way = choices.elements.way.value;
  for (const frame of frames) {
    frame.src = `tab.html?${new URLSearchParams({ way, name: frame.dataset.name })}`;
  }
  find("#another").href = `tab.html?${new URLSearchParams({ way })}`;
}

// A frame is as high as its page.
for (const frame of frames) {
  frame.addEventListener("load", () => {
    const { body } = frame.contentDocument;
    new ResizeObserver(() => {
      frame.style.height = `${body.scrollHeight}px`;
    }).observe(body);
  });
}

const completeAll = () => tabs.postMessage("complete");
let every;

choices.addEventListener("submit", (event) => {
  event.preventDefault();
  completeAll();
});
find("#often").addEventListener("change", ({ target }) => {
  clearInterval(every);
  if (target.checked) every = setInterval(completeAll, 1000);
});
choices.addEventListener("change", async ({ target: { name, value } }) => {
  if (name === "held") {
    const { behavior } = await control("state");
    await told(control("set", { ...behavior, sessionsPerBrowser: Number(value) }));
  }
  if (name) open(); // on CometD, who was told of several clients stays slow until its next handshake
});

/** Shows why the simulator could not be asked. */
async function told(asked) {
  const problem = find("#problem");
  try {
    const answer = await asked;
    problem.hidden = true;
    return answer;
  } catch (error) {
    problem.hidden = false;
    problem.textContent = `There is no simulator here, as behind \`make run\`: ${error.message}`;
  }
}

const rate = new Rate();

async function look() {
  const state = await told(control("state"));
  if (!state) return;
  if (!choices.elements.held.value)
    choices.elements.held.value = state.behavior.sessionsPerBrowser ?? 0;
  rate.total(state.requests.at(-1)?.n ?? 0);
  const sessions = state.sessions.flatMap(({ cometd }) => cometd).length;
  const delay = state.behavior.ackDelayMS ?? 0;
  find("#server").textContent =
    `The server has ${sessions} CometD sessions, and gets ${rate.aMinute} requests a minute. ` +
    `It takes ${delay} ms of each completion itself.`;
  // An event, which the desktop of each tab is to have as soon as it can.
  await told(control("publish", { channel, data: { sentAt: Date.now() } }));
}

await look();
open();
setInterval(look, 2000);

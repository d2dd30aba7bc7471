// Runs the Go program in a dedicated Worker, and passes its texts on, for the page that started it. Its
// other half is worker-host.ts.

import type { OutboundErrorInit } from "./error.js";
import { instantiate } from "./instantiate.js";
import { write } from "./json.js";
import { nameAndMessage } from "./thrown.js";
import type { FromWorker } from "./wire.js";
import type { Begin } from "./worker-host.js";

/** The number of the one port. */
const page = 1;

addEventListener("message", ({ data }) => serve(data), { once: true });
addEventListener("messageerror", () => {
  throw new Error("the compiled module cannot be passed to a Worker here");
});

async function serve({ module, port, life }: Begin): Promise<void> {
  say(port, { kind: "starting", locked: await hold(life) });
  try {
    const { program, receive } = await instantiate(module, (_, text) => port.postMessage(text));
    program.onEnd(() => {
      const { reason, cause } = program.ending;
      say(port, { kind: "ended", reason, cause: textOf(cause) });
      port.close();
    });
    port.onmessage = ({ data }) => receive(page, data);
    say(port, { kind: "ready" });
  } catch (error) {
    const { message, cause } = error as OutboundErrorInit;
    say(port, { kind: "unfit", message, cause: textOf(cause) });
  }
}

function say(port: MessagePort, message: FromWorker): void {
  port.postMessage(write([message]));
}

function textOf(cause: unknown): { name: string; message: string } | null {
  return cause === undefined ? null : nameAndMessage(cause);
}

// The page waits for this lock: it gets it when this Worker is no more,
// whatever ended it. There is no other sign of that in a browser.
function hold(life: string): Promise<boolean> {
  return new Promise((held) => {
    const forever = () => {
      held(true);
      return new Promise(() => {});
    };
    (navigator.locks?.request(life, forever) ?? Promise.reject()).catch(() => held(false));
  });
}

// Runs the Go program in a dedicated Worker, and passes its texts on, for the page that started it. Its
// other half is worker-host.ts. A shared Worker has the same script: shared-worker.ts.

import { build } from "./build.js";
import { Dialled, dialAhead, dropAhead } from "./dial-ahead.js";
import { instantiate } from "./instantiate.js";
import { hold } from "./life.js";
import { say, sayEnded, sayUnfit } from "./say.js";
import { join } from "./shared-worker.js";
import type { Begin, DialAhead } from "./worker-host.js";

/** The number of the one port. */
const page = 1;

if ("onconnect" in globalThis) {
  addEventListener("connect", (event) => {
    const [port] = (event as MessageEvent).ports as [MessagePort];
    port.onmessage = ({ data }) => join(port, data);
  });
} else {
  addEventListener("message", ({ data }: MessageEvent<Begin | DialAhead>) => {
    "dial" in data ? dialAhead(data.dial) : serve(data);
  });
  addEventListener("messageerror", () => {
    throw new Error("the compiled module cannot be passed to a Worker here");
  });
}

async function serve({ module, port, life }: Begin): Promise<void> {
  // The page waits for this lock.
  say(port, { kind: "starting", locked: (await hold(life)) !== undefined, build });
  try {
    const send = (_: number, text: string) => port.postMessage(text);
    // A request of its own may be to sign in: then the socket of before is not that agent's.
    const network = { WebSocket: Dialled, onRequest: dropAhead };
    const { program, receive } = await instantiate(module, send, network);
    program.onEnd(() => {
      sayEnded(port, program);
      port.close();
    });
    port.onmessage = ({ data }) => receive(page, data);
    say(port, { kind: "ready" });
  } catch (error) {
    sayUnfit(port, error);
  }
}

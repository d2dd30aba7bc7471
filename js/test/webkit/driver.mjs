// The processes that WebKitGTK is driven by: WebKitWebDriver, and a display,
// without which its windows never open.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const patience = 60_000; // ms, for a process to be ready on a busy machine

/**
 * Starts a display and WebKitWebDriver on it.
 *
 * @returns {Promise<{ url: string, stop: () => void }>} the URL to drive it by
 */
export async function startDriver() {
  const processes = [];
  const stop = () => {
    process.removeListener("exit", stop);
    for (const started of processes.reverse()) {
      started.kill("SIGKILL"); // also one that hangs
    }
  };
  process.on("exit", stop);
  // Without a listener the signal would end this process and leave the others.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => process.exit(1));
  }
  try {
    const xvfb = start("Xvfb", [
      ...["-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
    ]);
    processes.push(xvfb);
    const [display] = await Promise.race([
      once(xvfb.stdio[3], "data", { signal: AbortSignal.timeout(patience) }),
      ended(xvfb, "Xvfb"),
    ]);
    const port = await freePort();
    const driver = start("WebKitWebDriver", ["--host=127.0.0.1", `--port=${port}`], {
      DISPLAY: `:${String(display).trim()}`,
      GDK_BACKEND: "x11",
      NO_AT_BRIDGE: "1", // there is no accessibility bus to complain of
    });
    processes.push(driver);
    const url = `http://127.0.0.1:${port}`;
    await Promise.race([answers(`${url}/status`), ended(driver, "WebKitWebDriver")]);
    return { url, stop };
  } catch (cause) {
    stop();
    throw new Error(
      "WebKitGTK could not be started; it needs WebKitWebDriver and Xvfb (Debian: apt-get install webkit2gtk-driver xvfb)",
      { cause },
    );
  }
}

function start(command, args, env) {
  return spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
}

/** Rejects when the process ends, or cannot be started. */
async function ended(started, name) {
  const [status] = await once(started, "exit");
  throw new Error(`${name} ended with status ${status}`);
}

/** Waits until something listens there. */
async function answers(url) {
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      await (await fetch(url)).text();
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

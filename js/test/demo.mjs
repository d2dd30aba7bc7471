// The demo's server, as `make run` starts it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts it for as long as the tests run.
 *
 * @returns {Promise<string>} its URL
 */
export async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), "gws-outbound-desktop-"));
  const program = join(folder, "desktop");
  await promisify(execFile)("go", ["build", "-o", program, "./internal/cmd/desktop"], {
    cwd: root,
  });
  const server = spawn(program, ["-addr", "127.0.0.1:0", "-root", root], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(async () => {
    server.kill("SIGTERM");
    await rm(folder, { recursive: true });
  });
  const [line] = await once(server.stdout, "data");
  return String(line).trim();
}

// The simulator as an npm package: packed for this machine, installed from the tarball, used without Go.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { judge, pack } from "./bundlers/build.mjs";
import { request } from "./sample.mjs";

const run = promisify(execFile);
const js = fileURLToPath(new URL("..", import.meta.url));

/** Without Go, and without what else there is. */
const env = { PATH: dirname(process.execPath), HOME: tmpdir() };

let app;
let packed;
before(async () => {
  app = await mkdtemp(join(tmpdir(), "gws-outbound-simulator-"));
  const built = join(app, "built");
  await run("node", [join(js, "simulator/build.mjs"), built, "own"]);
  packed = await pack(built);
  // As npm install does, which would look for a newer npm beside it.
  const installed = join(app, "node_modules/gws-outbound-simulator");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", packed.tarball, "-C", installed, "--strip-components=1"]);
});
after(() => rm(app, { recursive: true }));

test("nothing but what is needed is packed, and publint and attw find nothing wrong", async () => {
  assert.deepEqual(packed.files, [
    "LICENSE",
    "NOTICE",
    "README.md",
    `bin/${process.platform}-${process.arch}/gws-outbound-simulator`,
    "cli.cjs",
    "index.cjs",
    "index.d.cts",
    "index.d.mts",
    "index.mjs",
    "package.json",
    "types.d.cts",
    "types.d.mts",
  ]);
  const [ours, its] = await Promise.all(
    [join(js, "package.json"), join(app, "built/package.json")].map(async (file) =>
      JSON.parse(await readFile(file, "utf8")),
    ),
  );
  assert.equal(its.version, ours.version);
  await judge(packed.tarball);
});

test("a test in Node.js starts it, completes a record, and ends it", async () => {
  const { start, connect } = createRequire(join(app, "test.cjs"))("gws-outbound-simulator");
  const simulator = await start({ host: "127.0.0.1", behavior: { holdAck: true } });
  try {
    const agent = await signIn(simulator);
    const posted = await agent.post("/api/v2/me/outbound-records/12", {
      operationName: "CompleteRecord",
      ...request,
      referenceId: "first",
    });
    assert.equal(posted.statusCode, 0);
    const other = connect(simulator.url);
    await other.waitPosts(1);
    assert.equal(JSON.parse((await other.posts())[0].body).referenceId, "first");
    await simulator.ack("first");
    const event = await agent.hear("/v2/me/outbound");
    assert.equal(event.notificationType, "RecordProcessedAcknowledge");
    assert.equal(event.referenceId, "first");
    assert.equal(await simulator.processed(), 1);
    assert.equal(await simulator.sessions(), 1);

    const id = await simulator.inject({ at: "post", do: "answer", status: 500, times: -1 });
    assert.equal((await agent.send("/api/v2/me/outbound-records/12", request)).status, 500);
    await simulator.withdraw(id);
    const { version, sessions } = await simulator.state();
    const later = simulator.watch(version);
    await simulator.become("agent2", sessions[0].id);
    assert.equal((await later).sessions[0].user, "agent2");
    await assert.rejects(simulator.become("nobody"), /there is no user "nobody"/);
    await assert.rejects(
      simulator.waitPosts(99, { signal: AbortSignal.abort(new Error("enough")) }),
      /enough/,
    );
  } finally {
    await simulator.close();
  }
  await assert.rejects(fetch(simulator.url));
  await simulator.close();
});

test("what is wrong with how it is started is said", async () => {
  const { start } = createRequire(join(app, "test.cjs"))("gws-outbound-simulator");
  await assert.rejects(start({ ports: 1 }), /no option ports: host, port/);
  await assert.rejects(start({ behavior: { noSuch: 1 } }), /unknown field "noSuch"/);
  const one = await start();
  const { port } = new URL(one.url);
  await assert.rejects(start({ port }), /did not start: .*address already in use/);
  await one.close();
});

test("the command says where it is, and ends with who has started it", async () => {
  const cli = join(app, "node_modules/gws-outbound-simulator/cli.cjs");
  const command = spawn(process.execPath, [cli, "-port", "0"], { env });
  const [line] = await once(command.stdout.setEncoding("utf8"), "data");
  assert.match(line, /^http:\/\/localhost:\d+\n$/);
  const { status } = await fetch(`${line.trim()}/api/v2/me`);
  assert.equal(status, 401);
  command.kill("SIGKILL"); // so that it cannot tell the program
  await once(command, "close"); // once nobody has its output any more: the program, too, has ended
  await assert.rejects(fetch(line.trim()));
});

test("a process with nothing else to do ends, and takes it along", async () => {
  const script = join(app, "script.mjs");
  await writeFile(
    script,
    `import { start } from "gws-outbound-simulator"; console.log((await start()).url);`,
  );
  const { stdout } = await run(process.execPath, [script], { env });
  assert.match(stdout, /^http:/);
});

/** An agent over long-polling, by hand. */
async function signIn(simulator) {
  const me = await fetch(`${simulator.url}/api/v2/me`, { headers: simulator.credentials() });
  const cookies = new Map();
  keep(me);
  const token = me.headers.get("X-CSRF-TOKEN");

  function keep(response) {
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split(";")[0].split("=");
      cookies.set(name, value);
    }
  }

  async function send(path, body) {
    const response = await fetch(simulator.url + path, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRF-TOKEN": token,
        Cookie: [...cookies].map((pair) => pair.join("=")).join("; "),
      },
      body: JSON.stringify(body),
    });
    keep(response);
    return response;
  }
  const post = async (path, body) => (await send(path, body)).json();

  let clientId;
  const cometd = (channel, more) =>
    post("/api/v2/notifications", [{ id: "1", channel, clientId, ...more }]);
  const polling = { version: "1.0", supportedConnectionTypes: ["long-polling"] };
  [{ clientId }] = await cometd("/meta/handshake", polling);
  await cometd("/meta/subscribe", { subscription: "/v2/me/outbound" });

  /** The data of the next event on a channel. */
  async function hear(channel) {
    for (;;) {
      const messages = await cometd("/meta/connect", { connectionType: "long-polling" });
      const found = messages.find((message) => message.channel === channel);
      if (found) {
        return found.data;
      }
    }
  }
  return { send, post, hear };
}

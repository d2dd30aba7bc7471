// The simulator as a process of its own, and its control API.

"use strict";

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { existsSync, readdirSync } = require("node:fs");
const { join } = require("node:path");

/** The program for this machine. Throws where there is none. */
function program() {
  const platform = `${process.platform}-${process.arch}`;
  const name = `gws-outbound-simulator${process.platform === "win32" ? ".exe" : ""}`;
  const file = join(__dirname, "bin", platform, name);
  if (!existsSync(file)) {
    const bin = join(__dirname, "bin");
    const there = existsSync(bin) ? `only for ${readdirSync(bin).join(", ")}` : "nor any other";
    throw new Error(
      `gws-outbound-simulator has no program for ${platform}, ${there}; with Go, build one from the sources: go build ./internal/cmd/simulator`,
    );
  }
  return file;
}

/**
 * Runs the program. It ends with this process, however that ends: its standard input is a pipe from here.
 *
 * @param {string[]} args
 * @param {import("node:child_process").StdioOptions} output of it, and of its errors
 */
function run(args, output) {
  return spawn(program(), ["-until-eof", ...args], {
    stdio: ["pipe", ...output],
    windowsHide: true,
  });
}

async function start(options = {}) {
  const {
    host = "localhost",
    port = 0,
    names = [],
    extensions = [],
    behavior,
    ...unknown
  } = options;
  const [other] = Object.keys(unknown);
  if (other !== undefined) {
    throw new TypeError(`start() has no option ${other}: host, port, names, extensions, behavior`);
  }
  const args = ["-host", host, "-port", String(port)];
  args.push(...names.flatMap((name) => ["-name", name]));
  args.push(...extensions.flatMap((id) => ["-extension", id]));
  const child = run(args, ["pipe", "pipe"]);
  const simulator = new Simulator(await urlOf(child), child);
  if (behavior) {
    try {
      await simulator.set(behavior);
    } catch (error) {
      await simulator.close();
      throw error;
    }
  }
  return simulator;
}

/** The first line of the program, or why there is none. */
function urlOf(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      const end = said.indexOf("\n");
      if (end >= 0) {
        resolve(said.slice(0, end).trim());
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaint += text;
    });
    child.once("error", reject);
    child.once("close", () => {
      reject(new Error(`the simulator did not start: ${complaint.trim() || "it said nothing"}`));
    });
  });
}

function connect(url) {
  return new Simulator(new URL(url).href.replace(/\/$/, ""));
}

class Simulator {
  #child;

  constructor(url, child) {
    this.url = url;
    this.#child = child;
    if (child) {
      child.stdin.on("error", () => {}); // it has ended already
      // It does not keep a process that has nothing else to do.
      for (const part of [child, child.stdin, child.stdout, child.stderr]) {
        part.unref?.();
      }
    }
  }

  credentials(user = "agent") {
    return { Authorization: `Basic ${btoa(`${user}:secret`)}` };
  }

  async set(behavior) {
    await this.#do("set", behavior);
  }

  async inject(fault) {
    return (await this.#do("fault", fault)).id;
  }

  async withdraw(id) {
    await this.#do("withdraw", { id });
  }

  posts() {
    return this.#do("posts");
  }

  requests() {
    return this.#do("requests");
  }

  struck() {
    return this.#do("struck");
  }

  processed() {
    return this.#do("processed");
  }

  sessions() {
    return this.#do("sessions");
  }

  state() {
    return this.#do("state");
  }

  watch(after, { signal } = {}) {
    return this.#do("watch", { after }, signal);
  }

  async cut(session = 0) {
    await this.#do("cut", { session });
  }

  async expire(session = 0) {
    await this.#do("expire", { session });
  }

  async expireHTTP(session = 0) {
    await this.#do("expire-http", { session });
  }

  async become(user, session = 0) {
    await this.#do("become", { user, session });
  }

  async kick(session = 0) {
    await this.#do("kick", { session });
  }

  async setCampaign(campaignName, status) {
    await this.#do("campaign", { campaignName, status });
  }

  async push(user, campaignName) {
    return (await this.#do("push", { user, campaignName })).recordHandle;
  }

  async reset(seed = 1) {
    await this.#do("reset", { seed });
  }

  async publish(channel, data) {
    await this.#do("publish", { channel, data });
  }

  async publishText(channel, message) {
    await this.#do("publish", { channel, message });
  }

  async ack(referenceId) {
    await this.#do("ack", { referenceId });
  }

  async waitPosts(n, { signal } = {}) {
    await this.#do("wait-posts", { n }, signal);
  }

  async waitSessions(n, { signal } = {}) {
    await this.#do("wait-sessions", { n }, signal);
  }

  async waitConnected(n, { signal } = {}) {
    await this.#do("wait-connected", { n }, signal);
  }

  async close() {
    const child = this.#child;
    if (!child) {
      await this.#do("close");
      return;
    }
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.ref();
      child.stdin.end();
      await ended;
    }
  }

  async #do(verb, args = {}, signal = undefined) {
    const response = await fetch(`${this.url}/gwssim/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(args),
      signal,
    });
    const answer = await response.json();
    if (!response.ok) {
      throw new Error(`${verb}: ${answer.error}`);
    }
    return answer;
  }
}

module.exports = { start, connect, run };

// @ts-check

import { whoIsSignedIn } from "./agent.js";
import { confirmForgetting } from "./dialogs.js";
import { element, find, icon } from "./dom.js";
import { errorNotice } from "./notice.js";
import { adviseConnection, asOutboundError } from "./words.js";

/** @typedef {import("../js/dist/index.js").OutboundClient} OutboundClient */
/** @typedef {import("./connection-status.js").ConnectionStatus} ConnectionStatus */

/** @typedef {{ server: string, agent: string, user: string }} Place where one is signed in, and as whom: what the server calls the agent, and what was typed; "" for either that there is not */

/**
 * @param {Place} place
 * @returns {string} whose the work is that this page keeps
 */
export const ownerOf = ({ server, agent }) => `${agent} at ${server}`;

/** The agent that the simulator behind `make run` knows. */
const simulatorAgent = { user: "agent", password: "secret" };

/**
 * Takes over the connection panel: it signs in, shows why that failed, and steps aside while
 * there is a client.
 *
 * @param {object} desktop
 * @param {typeof import("../js/dist/index.js").createClient} desktop.createClient
 * @param {(status: ConnectionStatus) => void} desktop.showStatus
 * @param {(client: OutboundClient, place: Place) => void} desktop.opened there is a client now
 * @param {() => void} desktop.closed there is none any more
 * @param {() => void} desktop.forgotten nothing of the agent's work is to stay here
 * @param {import("./left-open.js").Left | null} desktop.left what an earlier page has left without an answer
 */
export function setUpConnection({ createClient, showStatus, opened, closed, forgotten, left }) {
  const panel = find("#connection", HTMLElement);
  const form = find("#sign-in", HTMLFormElement);
  const summary = find("#connection-summary", HTMLElement);
  const problem = find("#connection-problem", HTMLElement);
  const baseUrl = find("#base-url", HTMLInputElement);
  const user = find("#user", HTMLInputElement);
  const password = find("#password", HTMLInputElement);
  const connectButton = find("#connect", HTMLButtonElement);
  const disconnectButton = find("#disconnect", HTMLButtonElement);
  const forgetButton = find("#forget", HTMLButtonElement);

  /** @type {OutboundClient | null} */
  let client = null;
  /** Ends the attempt or the listening that is under way. @type {AbortController | null} */
  let session = null;
  /** The end of the client before: until then its journal is not free for the next one. */
  let ended = Promise.resolve();

  connectButton.disabled = false; // nobody would have heard it before
  baseUrl.value = location.origin;
  if (isThisMachine()) fillInSimulatorAgent();

  /** @param {ConnectionStatus} status */
  function show(status) {
    showStatus(status);
    const hadFocus = panel.contains(document.activeElement);
    const idle = session === null;
    form.hidden = client !== null;
    for (const input of [baseUrl, user, password]) input.readOnly = !idle;
    connectButton.textContent = idle ? "Connect" : "Connecting…";
    connectButton.setAttribute("aria-disabled", String(!idle));
    disconnectButton.hidden = idle;
    disconnectButton.textContent = client ? "Disconnect" : "Stop";
    forgetButton.hidden = client === null;
    summary.textContent = client
      ? `${user.value || "Signed in"} at ${baseUrl.value || location.origin}`
      : "Sign in to Genesys Web Services.";
    // What had the focus may be gone now; the next thing to do gets it.
    if (hadFocus)
      (client ? find("#campaign-campaignName", HTMLInputElement) : connectButton).focus();
  }

  /** @param {{ byCookie: boolean }} [how] whether the browser is signed in already */
  async function connect({ byCookie } = { byCookie: user.value === "" }) {
    if (session) return;
    const attempt = new AbortController();
    session = attempt;
    show({ state: "connecting" });
    try {
      await ended;
      const made = await createClient({
        baseUrl: baseUrl.value.trim() || undefined,
        headers: byCookie
          ? undefined
          : { Authorization: basicCredentials(user.value, password.value) },
        signal: attempt.signal,
        journal: true,
        // The timeline reads the POST's times from this page, where a worker's requests don't appear.
        worker: false,
      });
      if (attempt.signal.aborted) return await made.close();
      const server = new URL(baseUrl.value.trim() || location.origin, location.href).href;
      const agent = (await whoIsSignedIn(server).catch(() => "")) || user.value;
      if (attempt.signal.aborted) return await made.close();
      if (made.state === "closed") {
        await made.close();
        return end({
          code: "DISCONNECTED",
          message: "The connection was closed as soon as it was made.",
        });
      }
      client = made;
      problem.replaceChildren();
      made.addEventListener(
        "statechange",
        (event) => {
          const status = /** @type {CustomEvent<ConnectionStatus>} */ (event).detail;
          if (status.state !== "closed") return showStatus(status);
          end({
            code: "DISCONNECTED",
            message: status.reason ?? "The connection is closed.",
          });
          if (byCookie) forgetUnless(agent, server);
        },
        { signal: attempt.signal },
      );
      show({ state: made.state, transport: made.transport });
      opened(made, { server, agent, user: user.value });
    } catch (thrown) {
      if (!attempt.signal.aborted) end(asOutboundError(thrown));
    }
  }

  /**
   * Has nothing stay of an agent in whose place another has signed in, in another tab.
   *
   * @param {string} agent
   * @param {string} server
   */
  async function forgetUnless(agent, server) {
    const now = await whoIsSignedIn(server).catch(() => agent); // no answer proves nothing
    if (now === agent || session) return;
    forgotten();
    await ended; // what was pending has shown its end meanwhile
    forgotten();
  }

  /**
   * @param {{ code: string, message: string }} [error] why, unless the agent wanted it
   * @param {{ forget: boolean }} [options] whether nothing of the agent's work is to stay here
   */
  function end(error, options) {
    const leaving = client;
    session?.abort();
    session = null;
    client = null;
    show({ state: "closed" });
    if (leaving) closed();
    // What had the focus may have gone with the session. The focus would be dropped, and only a way
    // round the whole page, in Firefox round the browser's own buttons too, would lead to here.
    if (document.activeElement?.getClientRects().length === 0) connectButton.focus();
    if (error) problem.replaceChildren(connectionNotice(error));
    if (!leaving) return;
    ended = leaving.close(options).catch((thrown) => {
      problem.replaceChildren(connectionNotice(asOutboundError(thrown)));
    });
    if (options?.forget) {
      user.value = password.value = "";
      forgotten();
      ended.then(forgotten); // what was pending has shown its end meanwhile
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!session) problem.replaceChildren();
    connect();
  });
  disconnectButton.addEventListener("click", () => end());
  forgetButton.addEventListener("click", async () => {
    if (!(await confirmForgetting())) return;
    if (client) end(undefined, { forget: true });
    else demand("Nothing was forgotten");
  });
  show({ state: "closed" });
  if (left) goOn(left);

  /**
   * Says what an earlier page has left, and connects where this browser is still signed in.
   *
   * @param {import("./left-open.js").Left} left
   */
  async function goOn({ server, agent, user: name, count }) {
    const many = count === 1 ? "1 operation" : `${count} operations`;
    const say = (/** @type {string} */ next) =>
      problem.replaceChildren(
        element(
          "p",
          { class: "notice", "data-testid": "left-open" },
          icon("alert"),
          `${many} had no answer when this page was left. ${next}`,
        ),
      );
    baseUrl.value = new URL(server).origin === location.origin ? location.origin : server;
    user.value = name;
    password.value = name === simulatorAgent.user && isThisMachine() ? simulatorAgent.password : "";
    say("Looking whether you are still signed in…");
    const now = await whoIsSignedIn(server).catch(() => "");
    if (session) return; // somebody was faster
    if (now === "" || now !== agent)
      return say(`Sign in${name ? ` as ${name}` : ""} to learn what became of it.`);
    say("You are still signed in: connecting again to learn what became of it.");
    connect({ byCookie: true });
  }

  /**
   * Says that a client was needed, and leads to the button that gets one.
   *
   * @param {string} [lack] what was not done without
   */
  function demand(lack = "Nothing was sent") {
    const why = session ? "the connection is still being made" : "connect first";
    problem.replaceChildren(element("p", { class: "notice" }, icon("alert"), `${lack}: ${why}.`));
    connectButton.focus();
  }

  function fillInSimulatorAgent() {
    user.value = simulatorAgent.user;
    password.value = simulatorAgent.password;
  }

  return {
    /** @returns {OutboundClient | null} the client, if there is one now */
    get client() {
      return client;
    },
    demand,
    /** Connects as the simulator's agent. */
    connectToSimulator() {
      fillInSimulatorAgent();
      return connect();
    },
  };
}

/** @returns {boolean} whether the page is served from this machine, where the simulator is */
function isThisMachine() {
  return ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
}

/**
 * @param {string} user
 * @param {string} password
 * @returns {string} an Authorization header's value (RFC 7617, UTF-8)
 */
function basicCredentials(user, password) {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** @param {{ code: string, message: string }} error */
const connectionNotice = (error) => errorNotice(error, adviseConnection(error.code));

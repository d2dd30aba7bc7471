// @ts-check

import { keep, recall } from "./stored.js";

const key = "gws-outbound.left-open";

/** Errors that are about the client, and not about the call: the next client lists it again. */
const ofTheClient = ["AGENT_CHANGED", "CLOSED", "DISCONNECTED", "MODULE_EXITED"];

/**
 * @param {{ code: string }} error
 * @returns {boolean} whether the call may still be answered, to another client
 */
export const isOfTheClient = ({ code }) => ofTheClient.includes(code);

/** @typedef {{ server: string, agent: string, user: string, count: number }} Left `agent`: as the server calls them; `user`: as they signed in, "" by a cookie */

/**
 * Counts what was sent and has no answer yet, so that the page can say so when it is loaded again: the
 * journal itself is read by a client, once somebody is signed in.
 */
export class LeftOpen {
  /** @type {Left | null} */
  #now = null;
  /** What an earlier page has left; null for nothing. */
  before = recall("sessionStorage", key, isLeft);

  /**
   * Somebody is signed in, and counting begins.
   *
   * @param {import("./connection.js").Place} place
   */
  open({ server, agent, user }) {
    this.#now = { server, agent, user, count: 0 };
    this.#save();
  }

  /**
   * Something is sent.
   *
   * @returns {(error?: { code: string, delivery?: string }) => void} to be called at its end
   */
  begin() {
    const now = this.#now;
    if (!now) return () => {};
    now.count++;
    this.#save();
    return (error) => {
      if (this.#now !== now) return; // another agent's, or counted again
      if (error && isOfTheClient(error) && error.delivery !== "not-sent") return;
      now.count--;
      this.#save();
    };
  }

  /** Leaves nothing of it. */
  forget() {
    this.#now = this.before = null;
    keep("sessionStorage", key, null);
  }

  #save() {
    keep("sessionStorage", key, this.#now?.count ? this.#now : null);
  }
}

/**
 * @param {any} value
 * @returns {value is Left | null}
 */
function isLeft(value) {
  if (value === null) return true;
  const { server, agent, user, count } = Object(value);
  return [server, agent, user].every((text) => typeof text === "string") && count > 0;
}

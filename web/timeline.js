// @ts-check

import { Card } from "./card.js";
import { element, find } from "./dom.js";
import { watchPosts } from "./post-times.js";

/** How many operations are kept, the newest included. */
const limit = 50;

/**
 * @typedef {object} Group what was done with one record, or in one campaign
 * @property {HTMLElement} element
 * @property {HTMLElement} total
 * @property {HTMLElement} list
 */
/** @typedef {{ card: Card, path: string, subject: string }} Entry */

/**
 * Takes over the timeline: what was done with one record or in one campaign stands together, the
 * newest first and open, earlier ones folded.
 *
 * @param {(text: string) => void} say tells assistive technology
 */
export function setUpTimeline(say) {
  const list = find("#timeline", HTMLOListElement);
  const empty = find("#timeline-empty", HTMLElement);
  /** Newest first. @type {Entry[]} */
  const entries = [];
  /** By subject. @type {Map<string, Group>} */
  const groups = new Map();

  // Operations on a record follow each other, so a POST belongs to the newest that was begun before it.
  watchPosts((times) =>
    entries
      .find(({ card, path }) => path === times.path && card.startedAt <= times.sentAt)
      ?.card.addPost(times),
  );

  /** @param {string} subject */
  function groupOf(subject) {
    let group = groups.get(subject);
    if (!group) {
      const total = element("p", { class: "muted" });
      const cards = element("ol", { class: "cards" });
      const head = element("div", { class: "section-head" }, element("h3", {}, subject), total);
      group = { element: element("li", { class: "group" }, head, cards), total, list: cards };
      groups.set(subject, group);
    }
    return group;
  }

  /** @param {string} subject */
  function showTotal(subject) {
    const cards = entries.filter((entry) => entry.subject === subject).map(({ card }) => card);
    const ends = cards.map(({ endedAt }) => endedAt ?? performance.now());
    const starts = cards.map(({ startedAt }) => startedAt);
    const took = (Math.max(...ends) - Math.min(...starts)) / 1000;
    const many = cards.length === 1 ? "1 operation" : `${cards.length} operations`;
    groupOf(subject).total.textContent = `${many} within ${took.toFixed(1)} s`;
  }

  function forgetOld() {
    for (const { card, subject } of entries.splice(limit)) {
      const group = groupOf(subject);
      card.element.remove();
      if (group.list.childElementCount > 0) continue;
      group.element.remove();
      groups.delete(subject);
    }
  }

  return {
    /**
     * @param {ReturnType<typeof import("./operations.js").describeOperation>} operation
     * @returns {Card} a pending card; its clock runs from now
     */
    add({ title, subject, facts, path }) {
      empty.hidden = true;
      say("");
      entries[0]?.card.becomeEarlier();
      const card = new Card(title, facts, (outcome) => {
        if (groups.has(subject)) showTotal(subject);
        say(outcome);
      });
      entries.unshift({ card, path, subject });
      const group = groupOf(subject);
      group.list.prepend(card.element);
      list.prepend(group.element);
      showTotal(subject);
      forgetOld();
      return card;
    },
    /** Drops everything that is shown. */
    forget() {
      entries.length = 0;
      groups.clear();
      list.replaceChildren();
      empty.hidden = false;
    },
    /**
     * Notes in what is pending what happened to the connection.
     *
     * @param {import("./connection-status.js").ConnectionStatus} status
     */
    noteConnection({ state, reason }) {
      const symbol = state === "connected" ? "check" : "retry";
      const text =
        state === "connected"
          ? "Connected again"
          : ["Connection lost", reason].filter(Boolean).join(": ");
      for (const { card } of entries) if (card.isPending) card.note(symbol, text);
    },
  };
}

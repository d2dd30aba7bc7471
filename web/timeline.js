// @ts-check

import { Card } from "./card.js";
import { find } from "./dom.js";
import { watchPosts } from "./post-times.js";

/** How many completions are kept, the newest included. */
const limit = 50;

/**
 * Takes over the timeline: one card for each completion, the newest first and open, earlier ones
 * folded.
 */
export function setUpTimeline() {
  const list = find("#timeline", HTMLOListElement);
  const empty = find("#timeline-empty", HTMLElement);
  const announcement = find("#outcome-announcement", HTMLElement);
  /** Newest first. @type {Card[]} */
  const cards = [];

  // Completions follow each other, so a POST belongs to the newest that was begun before it.
  watchPosts((times) => cards.find((card) => card.startedAt <= times.sentAt)?.addPost(times));

  return {
    /**
     * @param {import("../js/dist/index.js").CompleteRecordRequest} request
     * @returns {Card} a pending card; its clock runs from now
     */
    add(request) {
      empty.hidden = true;
      announcement.textContent = "";
      cards[0]?.becomeEarlier();
      const card = new Card(request, (outcome) => (announcement.textContent = outcome));
      cards.unshift(card);
      list.prepend(card.element);
      for (const old of cards.splice(limit)) old.element.remove();
      return card;
    },
  };
}

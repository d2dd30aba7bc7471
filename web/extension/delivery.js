/** From the least to the most that may have happened. */
const order = ["not-sent", "rejected", "unknown", "accepted"];

/**
 * Says what is known about a completion that was sent twice. A second attempt that never left
 * takes nothing back of the first.
 *
 * @param {string} earlier `delivery` of the attempts before
 * @param {string} now `delivery` of the last one
 * @returns {string}
 */
export function overall(earlier, now) {
  return order.indexOf(earlier) > order.indexOf(now) ? earlier : now;
}

/**
 * @param {string} delivery
 * @returns {boolean} whether the record may have been changed, so that sending again may do it twice
 */
export function mayBeProcessed(delivery) {
  return delivery !== "not-sent" && delivery !== "rejected";
}

/**
 * @param {import("./completions.js").Completion} completion
 * @returns {boolean} whether it has ended with an outcome that the agent has to look into
 */
export function isOpen({ state, delivery }) {
  return state === "interrupted" || (state === "failed" && mayBeProcessed(delivery));
}

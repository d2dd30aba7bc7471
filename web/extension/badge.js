import { isOpen } from "./delivery.js";

/**
 * Says on the extension's button what the agent should look at: the number of completions whose
 * outcome is open, or that some are under way.
 *
 * @param {import("./completions.js").Completion[]} completions
 * @returns {void}
 */
export function showBadge(completions) {
  const open = completions.filter(isOpen).length;
  const pending = completions.some(({ state }) => state === "pending");
  chrome.action.setBadgeBackgroundColor({ color: open > 0 ? "#b0231b" : "#2a5bd0" });
  chrome.action.setBadgeText({ text: open > 0 ? String(open) : pending ? "…" : "" });
}

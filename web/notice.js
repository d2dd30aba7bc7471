// @ts-check

import { element, icon } from "./dom.js";

/**
 * Makes the box that shows an error.
 *
 * @param {{ code: string, message: string }} error
 * @param {string} advice what to do about it
 * @returns {HTMLElement}
 */
export function errorNotice({ code, message }, advice) {
  return element(
    "div",
    { class: "notice danger", "data-code": code },
    icon("alert"),
    element(
      "div",
      {},
      element("p", {}, element("code", { class: "code" }, code)),
      element("p", {}, message),
      element("p", { class: "advice" }, advice),
    ),
  );
}

// @ts-check

import { element, icon } from "./dom.js";

/** @typedef {{ field: string, message: string }} Problem one bad field of an INVALID_REQUEST */

/**
 * Puts each problem beside its field and the focus into the first bad one. Problems of fields
 * that the form does not have are in the error's message, which the timeline shows.
 *
 * @param {HTMLFormElement} form
 * @param {readonly Problem[]} [problems]
 * @returns {void}
 */
export function showProblems(form, problems = []) {
  const inputs = [...form.elements].filter((control) => control instanceof HTMLInputElement);
  const bad = inputs.filter((input) => {
    const messages = problems
      .filter(({ field }) => field === input.name)
      .map(({ message }) => message);
    if (messages.length > 0) showProblem(input, messages.join(" "));
    return messages.length > 0;
  });
  bad[0]?.focus();
}

/**
 * @param {HTMLFormElement} form
 * @returns {void}
 */
export function clearProblems(form) {
  for (const control of form.elements)
    if (control instanceof HTMLInputElement) clearProblem(control);
}

/**
 * @param {HTMLInputElement} input
 * @returns {void}
 */
export function clearProblem(input) {
  const id = problemId(input);
  document.getElementById(id)?.remove();
  input.removeAttribute("aria-invalid");
  describe(
    input,
    descriptions(input).filter((other) => other !== id),
  );
}

/**
 * @param {HTMLInputElement} input
 * @param {string} message
 */
function showProblem(input, message) {
  clearProblem(input);
  const id = problemId(input);
  input
    .closest(".field")
    ?.append(
      element("p", { id, class: "field-problem" }, icon("alert"), element("span", {}, message)),
    );
  input.setAttribute("aria-invalid", "true");
  describe(input, [id, ...descriptions(input)]);
}

/** @param {HTMLInputElement} input */
const problemId = (input) => `${input.id}-problem`;

/** @param {HTMLInputElement} input */
const descriptions = (input) =>
  (input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);

/**
 * @param {HTMLInputElement} input
 * @param {string[]} ids
 */
function describe(input, ids) {
  if (ids.length > 0) input.setAttribute("aria-describedby", ids.join(" "));
  else input.removeAttribute("aria-describedby");
}

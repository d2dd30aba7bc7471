// @ts-check

import { element, find } from "./dom.js";
import { keep, recall } from "./stored.js";

const key = "gws-outbound.favourites";
const initial = ["Answer", "NoAnswer", "Busy", "AnsweringMachineDetected", "WrongNumber"];
/** As many as there are digits to pick one. */
const limit = 9;

/**
 * Takes over the choice of a call result: all of them in a list, the agent's favourites as
 * buttons that have digits. The favourites outlive the page.
 *
 * @param {object} desktop
 * @param {{ readonly [name: string]: number }} desktop.callResults names and codes
 * @param {(name: string) => void} desktop.onChoice gets what is chosen; "" for nothing
 */
export function setUpFavourites({ callResults, onChoice }) {
  const box = find("#favourites", HTMLElement);
  const all = find("#result", HTMLSelectElement);
  const favour = find("#favour", HTMLButtonElement);
  const known = recall("localStorage", key, isNames)?.filter(isResult);
  let names = (known ?? initial).slice(0, limit);

  all.append(
    ...Object.keys(callResults)
      .sort()
      .map((name) => element("option", { value: name }, name)),
  );

  /** @param {string} name */
  function isResult(name) {
    return Object.hasOwn(callResults, name);
  }

  function show() {
    box.replaceChildren(
      ...names.map((name, i) => {
        const button = element(
          "button",
          {
            type: "button",
            class: "favourite",
            "aria-pressed": String(name === all.value),
            "aria-keyshortcuts": String(i + 1),
            "data-result": name,
          },
          element("kbd", { "aria-hidden": "true" }, String(i + 1)),
          element("span", {}, ...breakable(name)),
        );
        button.addEventListener("click", () => choose(name));
        return button;
      }),
    );
    markChosen();
  }

  function markChosen() {
    for (const button of box.children)
      button.setAttribute("aria-pressed", String(button.getAttribute("data-result") === all.value));
    const isFavourite = names.includes(all.value);
    favour.textContent = isFavourite ? "Remove from favourites" : "Add to favourites";
    const full = names.length >= limit && !isFavourite;
    favour.setAttribute("aria-disabled", String(all.value === "" || full));
  }

  /** @param {string} name */
  function choose(name) {
    all.value = name;
    markChosen();
    onChoice(name);
  }

  all.addEventListener("change", () => choose(all.value));
  favour.addEventListener("click", () => {
    if (favour.getAttribute("aria-disabled") === "true") return;
    const name = all.value;
    names = names.includes(name) ? names.filter((other) => other !== name) : [...names, name];
    keep("localStorage", key, names);
    show();
  });
  show();

  return {
    /** @returns {string} the chosen call result; "" for none */
    get chosen() {
      return all.value;
    },
    choose,
    /**
     * Chooses by a digit.
     *
     * @param {string} pressed as a KeyboardEvent has it
     * @returns {boolean} whether it stands for one
     */
    pick(pressed) {
      const name = /^[1-9]$/.test(pressed) ? names[Number(pressed) - 1] : undefined;
      if (name) choose(name);
      return name !== undefined;
    },
  };
}

/**
 * @param {string} name such as AnsweringMachineDetected
 * @returns {(string | Node)[]} with places between its words where a line may end
 */
function breakable(name) {
  return name.split(/(?<=[a-z])(?=[A-Z])/).flatMap((word) => [word, element("wbr")]);
}

/**
 * @param {any} value
 * @returns {value is string[]}
 */
function isNames(value) {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

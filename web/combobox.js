// @ts-check

import { element, find } from "./dom.js";

/**
 * @typedef {object} Choice
 * @property {string} name what is put into the field
 * @property {number} code shown beside it; typing its digits finds it too
 */

/**
 * Makes a searchable list of a text field (the editable combobox with list autocomplete of the
 * ARIA Authoring Practices). Typing filters; the arrows, Home and End move through the list while
 * it is open; Enter or Tab takes the marked choice; Escape closes the list, and pressed once more
 * clears the field. The text stays free: nothing is chosen that was not marked.
 *
 * @param {HTMLElement} root holds the input, the list and the two buttons
 * @param {Choice[]} choices in the order to show
 * @returns {void}
 */
export function setUpCombobox(root, choices) {
  const input = find("[role=combobox]", HTMLInputElement, root);
  const list = find("[role=listbox]", HTMLElement, root);
  const clearButton = find("[data-role=clear]", HTMLButtonElement, root);
  const toggleButton = find("[data-role=toggle]", HTMLButtonElement, root);
  const matchCount = find("[data-role=matches]", HTMLElement, root);

  const options = choices.map((choice) => ({
    choice,
    item: element(
      "li",
      {
        role: "option",
        id: `${list.id}-${choice.code}`,
        "aria-selected": "false",
        "data-name": choice.name,
      },
      element("span", {}, choice.name),
      element("span", { class: "choice-code" }, String(choice.code)),
    ),
  }));
  let shown = options;
  let marked = -1;

  const isOpen = () => !list.hidden;

  /** @param {number} index in `shown`; -1 for none */
  function mark(index) {
    shown[marked]?.item.setAttribute("aria-selected", "false");
    marked = index;
    const option = shown[marked];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.item.setAttribute("aria-selected", "true");
    option.item.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.item.id);
  }

  /** @param {string} filter "" for all */
  function open(filter) {
    mark(-1);
    const wanted = filter.trim().toLowerCase();
    shown = options.filter(
      ({ choice }) => choice.name.toLowerCase().includes(wanted) || String(choice.code) === wanted,
    );
    list.replaceChildren(...shown.map(({ item }) => item));
    setOpen(shown.length > 0);
    matchCount.textContent = shown.length === 1 ? "1 call result" : `${shown.length} call results`;
  }

  function close() {
    mark(-1);
    setOpen(false);
    matchCount.textContent = "";
  }

  /** @param {boolean} open */
  function setOpen(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    toggleButton.setAttribute("aria-expanded", String(open));
  }

  /** Opens the whole list at the field's present value. */
  function openAll() {
    open("");
    mark(shown.findIndex(({ choice }) => choice.name === input.value));
  }

  /** @param {string} value */
  function put(value) {
    input.value = value;
    close();
    clearButton.hidden = value === "";
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @param {1 | -1} step */
  function move(step) {
    if (!isOpen()) {
      openAll();
      if (marked >= 0) return;
    }
    const from = marked < 0 && step < 0 ? 0 : marked;
    mark((from + step + shown.length) % shown.length);
  }

  /** @type {Record<string, () => boolean>} by key: whether the key has been dealt with */
  const keys = {
    ArrowDown: () => handled(move, 1),
    ArrowUp: () => handled(move, -1),
    Home: () => isOpen() && handled(mark, 0),
    End: () => isOpen() && handled(mark, shown.length - 1),
    Enter: () => take(),
    Tab: () => take() && false, // which moves on all the same
    Escape: () => {
      if (isOpen()) close();
      else if (input.value !== "") put("");
      else return false;
      return true;
    },
  };

  /**
   * @template T
   * @param {(arg: T) => void} action
   * @param {T} arg
   * @returns {true}
   */
  function handled(action, arg) {
    action(arg);
    return true;
  }

  /** @returns {boolean} whether there was a marked choice to take */
  function take() {
    const option = shown[marked];
    if (option) put(option.choice.name);
    else close();
    return option !== undefined;
  }

  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (keys[event.key]?.()) event.preventDefault();
  });
  input.addEventListener("input", () => {
    clearButton.hidden = input.value === "";
    open(input.value);
  });
  input.addEventListener("click", () => isOpen() || openAll());
  input.addEventListener("blur", close);

  // Pressing on the list or a button must not take the focus from the field, which would close the list.
  for (const part of [list, clearButton, toggleButton])
    part.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const item = event.target instanceof Element ? event.target.closest("li") : null;
    if (item?.dataset.name) put(item.dataset.name);
  });
  toggleButton.addEventListener("click", () => {
    input.focus();
    if (isOpen()) close();
    else openAll();
  });
  clearButton.addEventListener("click", () => {
    input.focus();
    put("");
  });
  clearButton.hidden = input.value === "";
}

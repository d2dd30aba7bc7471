// @ts-check

import { element, find } from "./dom.js";
import { blows, control, faults } from "./simulator-control.js";

/**
 * Sets up the switches of the faults.
 *
 * @param {(action: () => Promise<unknown>, done: string) => void} act does something, and tells
 *   people that it is done, or why not
 */
export function setUpFaults(act) {
  const whom = find("#whom", HTMLSelectElement);
  const times = find("#times", HTMLSelectElement);
  /** The state's, as it came last. @type {any[]} */
  let known = [];

  const session = () => Number(whom.value);
  const whose = () => whom.selectedOptions[0]?.textContent ?? "";

  find("#blows", HTMLElement).append(
    ...blows.map(({ verb, label }) => {
      const button = element(
        "button",
        { type: "button", class: "button quiet", "data-testid": verb },
        label,
      );
      button.addEventListener("click", () =>
        act(() => control(verb, { session: session() }), `${label}: done. ${whose()}.`),
      );
      return button;
    }),
  );

  const switches = faults.map(({ name, label, fault }) => {
    const state = element("span", { class: "state" });
    const button = element(
      "button",
      { type: "button", class: "switch", role: "switch", "data-testid": name },
      element("span", { class: "knob", "aria-hidden": "true" }),
      label,
      state,
    );
    /** Those of this switch, for whom is chosen. */
    const own = () =>
      known.filter(
        (other) =>
          (other.session ?? 0) === session() &&
          Object.entries(fault).every(
            ([field, value]) => JSON.stringify(other[field]) === JSON.stringify(value),
          ),
      );
    button.addEventListener("click", () => {
      const armed = own().filter(({ left }) => left !== 0);
      if (armed.length > 0) {
        act(
          () => Promise.all(armed.map(({ id }) => control("withdraw", { id }))),
          `${label}: off. ${whose()}.`,
        );
      } else {
        const often = Number(times.value);
        act(
          () => control("fault", { ...fault, session: session(), times: often }),
          `${label}: ${often < 0 ? "on" : "on, once"}. ${whose()}.`,
        );
      }
    });
    return {
      item: element("li", {}, button),
      update() {
        const mine = own();
        const on = mine.find(({ left }) => left !== 0);
        const struck = mine.reduce((sum, { struck }) => sum + struck, 0);
        button.setAttribute("aria-checked", String(on !== undefined));
        const words = [];
        if (on) words.push(on.left < 0 ? "on" : "next time");
        if (struck > 0) words.push(`${struck} so far`);
        state.textContent = words.join(" · ");
      },
    };
  });
  find("#switches", HTMLElement).append(...switches.map(({ item }) => item));

  const update = () => {
    for (const one of switches) one.update();
  };
  whom.addEventListener("change", update);

  /** @param {any} state */
  return ({ faults: all, sessions }) => {
    known = all;
    offerSessions(whom, sessions);
    update();
  };
}

/**
 * @param {HTMLSelectElement} whom
 * @param {{ id: number, user: string }[]} sessions
 */
function offerSessions(whom, sessions) {
  const offered = [...whom.options].map(({ value }) => value).join();
  if (offered === [0, ...sessions.map(({ id }) => id)].join()) return;
  const { value } = whom;
  whom.replaceChildren(
    element("option", { value: "0" }, "Everybody"),
    ...sessions.map(({ id, user }) =>
      element("option", { value: String(id) }, `Session ${id}: ${user}`),
    ),
  );
  whom.value = value;
  if (whom.value !== value) whom.value = "0"; // that one is gone
}

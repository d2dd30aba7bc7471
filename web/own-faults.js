// @ts-check

import { element, find } from "./dom.js";
import { blows, control, faults } from "./simulator-control.js";

/**
 * Takes over the panel of what can go wrong with the page's own session. Only the simulator has
 * such a thing: elsewhere the panel stays hidden.
 */
export function setUpOwnFaults() {
  const panel = find("#own-faults", HTMLElement);
  const result = find("#fault-result", HTMLElement);

  /**
   * @param {string} name
   * @param {string} label
   * @param {string} done
   * @param {(session: number) => Promise<unknown>} strike
   */
  function button(name, label, done, strike) {
    const made = element(
      "button",
      { type: "button", class: "button quiet", "data-testid": `own-${name}` },
      label,
    );
    made.addEventListener("click", async () => {
      result.textContent = "";
      try {
        const { session } = await control("own"); // signing in again has changed it
        await strike(session);
        result.textContent = `${label}: ${done}.`;
      } catch (thrown) {
        result.textContent = `${label}: not done. ${thrown instanceof Error ? thrown.message : thrown}`;
      }
    });
    return made;
  }

  find("#own-blows", HTMLElement).append(
    ...blows.map(({ verb, label }) =>
      button(verb, label, "done", (session) => control(verb, { session })),
    ),
  );
  find("#own-next", HTMLElement).append(
    ...faults.map(({ name, label, fault }) =>
      button(name, label, "with your next operation", (session) =>
        control("fault", { ...fault, session, times: 1 }),
      ),
    ),
  );

  return {
    /**
     * Shows the panel if the server is the simulator that this page came from.
     *
     * @param {string} server
     * @returns {Promise<string[]>} the names of its campaigns; none if it is not
     */
    async open(server) {
      if (new URL(server).origin !== location.origin) return [];
      try {
        await control("own");
        const { campaigns } = await control("state");
        panel.hidden = false;
        return campaigns.map((/** @type {{ name: string }} */ { name }) => name);
      } catch {
        return []; // it is another server
      }
    },
    close() {
      panel.hidden = true;
      result.textContent = "";
    },
  };
}

// @ts-check

import { confirmEnding } from "./dialogs.js";
import { element, find, icon } from "./dom.js";
import { clearProblem, clearProblems, showProblems } from "./field-problems.js";
import { errorNotice } from "./notice.js";
import { describeDelivery } from "./words.js";

/**
 * Takes over the form that has a number not called again, whoever has it: no record is needed.
 *
 * @param {object} desktop
 * @param {import("./operations.js").Perform} desktop.perform
 * @param {() => object} desktop.settings what the request has beside the form's fields
 * @param {(phoneNumber: string) => boolean} desktop.isOnDesk whether the agent has a record with it
 */
export function setUpNumberForm({ perform, settings, isOnDesk }) {
  const form = find("#number-form", HTMLFormElement);
  const number = find("#number-phoneNumber", HTMLInputElement);
  const campaign = find("#number-campaignName", HTMLInputElement);
  const submit = find("button[type=submit]", HTMLButtonElement, form);
  const result = find("#number-result", HTMLElement);
  let busy = false;

  /** @param {{ phoneNumber: string, campaignName: string }} request */
  function check({ phoneNumber, campaignName }) {
    const problems = [];
    if (phoneNumber === "") problems.push({ field: "phoneNumber", message: "Type the number." });
    if (isOnDesk(phoneNumber))
      problems.push({
        field: "phoneNumber",
        message: "You have its record: choose “Do not call…” there.",
      });
    if (campaignName === "")
      problems.push({ field: "campaignName", message: "Type the name of the campaign." });
    return problems;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    clearProblems(form);
    result.replaceChildren();
    const typed = { phoneNumber: number.value.trim(), campaignName: campaign.value.trim() };
    const problems = check(typed);
    if (problems.length > 0) return showProblems(form, problems);
    const { phoneNumber, campaignName } = typed;
    const answer = await confirmEnding("doNotCallRecord", `${phoneNumber}, ${campaignName},`);
    if (!answer) return;
    setBusy(true);
    const done = await perform("doNotCallRecord", { ...settings(), ...typed, ...answer });
    setBusy(false);
    if (!done) return;
    if (done.error) {
      result.replaceChildren(errorNotice(done.error, describeDelivery(done.error.delivery)));
      return showProblems(form, done.error.problems);
    }
    number.value = "";
    result.replaceChildren(
      element(
        "p",
        { class: "notice good" },
        icon("check"),
        `${phoneNumber} is not called any more in ${campaignName}.`,
      ),
    );
  });
  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement) clearProblem(target);
  });

  /** @param {boolean} now */
  function setBusy(now) {
    busy = now;
    submit.setAttribute("aria-disabled", String(now));
  }

  return {
    /**
     * Fills in a campaign, if there is none yet.
     *
     * @param {string} campaignName
     */
    suggest(campaignName) {
      if (campaign.value === "") campaign.value = campaignName;
    },
    forget() {
      form.reset();
      clearProblems(form);
      result.replaceChildren();
    },
  };
}

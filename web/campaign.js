// @ts-check

import { element, find } from "./dom.js";
import { clearProblem, clearProblems, showProblems } from "./field-problems.js";
import { errorNotice } from "./notice.js";
import { keep, recall } from "./stored.js";
import { describeDelivery } from "./words.js";

const key = "gws-outbound.campaign";

/**
 * Takes over the choice of a campaign, its preview session, and the button that gets a record.
 *
 * @param {object} desktop
 * @param {import("./operations.js").Perform} desktop.perform
 * @param {(record: import("../js/dist/index.js").OutboundRecord) => void} desktop.take has the
 *   agent work on a record
 */
export function setUpCampaign({ perform, take }) {
  const form = find("#campaign-form", HTMLFormElement);
  const name = find("#campaign-campaignName", HTMLInputElement);
  const summary = find("#campaign-summary", HTMLElement);
  const problem = find("#campaign-problem", HTMLElement);
  const working = find("#campaign-session", HTMLElement);
  const start = find("#start", HTMLButtonElement);
  const next = find("#next", HTMLButtonElement);
  const leave = find("#leave", HTMLButtonElement);
  /** What the session was started with; null without one. @type {ReturnType<typeof read> | null} */
  let session = null;
  const usual = "Its records come one at a time.";
  /** What is said while there is none. */
  let words = usual;
  let busy = false;
  let deskIsFree = true;

  for (const [field, value] of Object.entries(recall("localStorage", key, isObject) ?? {})) {
    const input = form.elements.namedItem(field);
    if (input instanceof HTMLInputElement && typeof value !== "object") input.value = String(value);
  }

  function show() {
    form.hidden = session !== null;
    working.hidden = session === null;
    summary.textContent = session ? `${session.campaignName}: preview session` : words;
    for (const button of [start, leave]) button.setAttribute("aria-disabled", String(busy));
    next.setAttribute("aria-disabled", String(busy || !deskIsFree));
  }

  /**
   * @param {import("./operations.js").Method} method
   * @param {object} request
   */
  async function attempt(method, request) {
    busy = true;
    problem.replaceChildren();
    show();
    const done = await perform(method, request);
    busy = false;
    show();
    if (done?.error)
      problem.replaceChildren(errorNotice(done.error, describeDelivery(done.error.delivery)));
    return done;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    clearProblems(form);
    const request = read(form);
    const done = await attempt("startPreviewSession", request);
    if (done?.error) return showProblems(form, done.error.problems);
    if (!done) return;
    session = request;
    keep("localStorage", key, request);
    show();
    next.focus();
  });
  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement) clearProblem(target);
  });
  next.addEventListener("click", async () => {
    if (busy || !deskIsFree || !session) return;
    const done = await attempt("getPreviewRecord", session);
    if (!done || done.error) return;
    if (done.value) return take(done.value);
    problem.replaceChildren(
      element("p", { class: "notice", "data-testid": "none-left" }, "No record is left here now."),
    );
  });
  leave.addEventListener("click", async () => {
    if (busy || !session) return;
    const done = await attempt("endPreviewSession", session);
    if (done && !done.error) end();
  });

  function end(why = usual) {
    const hadFocus = working.contains(document.activeElement);
    session = null;
    words = why;
    show();
    if (hadFocus) name.focus();
  }

  show();

  return {
    /** What a server may leave out of its records. */
    get settings() {
      return session ?? read(form);
    },
    /**
     * The preview session is over: the server said so, or the agent is not signed in any more.
     *
     * @param {string} [why]
     */
    end,
    /**
     * @param {string} campaignName
     * @returns {boolean} whether the agent takes part in it
     */
    isIn(campaignName) {
      return session?.campaignName === campaignName;
    },
    /**
     * Offers names of campaigns; the API itself does not list them.
     *
     * @param {string[]} names
     */
    suggest(names) {
      find("#campaigns", HTMLDataListElement).replaceChildren(
        ...names.map((value) => element("option", { value })),
      );
      if (name.value === "") name.value = names[0] ?? "";
    },
    /**
     * There is a record to work on, or none any more.
     *
     * @param {boolean} free
     */
    setDeskFree(free) {
      deskIsFree = free;
      show();
    },
    /** Leads to what comes next when a record is done with. */
    goOn() {
      if (session) next.focus();
      else if (!form.hidden) name.focus();
    },
  };
}

/** @param {HTMLFormElement} form */
function read(form) {
  const text = (/** @type {string} */ name) => String(new FormData(form).get(name) ?? "").trim();
  return {
    campaignName: text("campaignName"),
    applicationId: Number(text("applicationId")),
    devicePath: text("devicePath"),
  };
}

/**
 * @param {any} value
 * @returns {value is Record<string, unknown>}
 */
const isObject = (value) => typeof value === "object" && value !== null;

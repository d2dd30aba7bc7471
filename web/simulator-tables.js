// @ts-check

import { element, find } from "./dom.js";

/** Shows the tables: sessions, requests, events and records. */
export function setUpTables() {
  const withCometD = find("#with-cometd", HTMLInputElement);
  const list = find("#list", HTMLSelectElement);
  const status = find("#status", HTMLSelectElement);
  const summary = find("#records-summary", HTMLElement);
  const sessions = table("#sessions", 3, "Nobody is signed in.");
  const requests = table("#requests", 3, "No requests yet.");
  const events = table("#events", 3, "No events yet.");
  const records = table("#records", 4, "No such records.");
  /** @type {any} */
  let state;

  function show() {
    if (!state) return;
    sessions(state.sessions, sessionRow);
    requests(
      state.requests
        .filter(
          (/** @type {any} */ { path }) => withCometD.checked || !path.includes("/notifications"),
        )
        .reverse(),
      requestRow,
    );
    events([...state.events].reverse(), eventRow);
    offerLists(list, state.campaigns);
    const all =
      state.campaigns
        .flatMap((/** @type {any} */ { callingLists }) => callingLists)
        .find((/** @type {any} */ { name }) => name === list.value)?.records ?? [];
    const shown = all.filter((/** @type {any} */ record) => fits(record, status.value));
    summary.textContent = `${shown.length} of ${all.length} records`;
    records(shown, recordRow);
  }

  for (const control of [withCometD, list, status]) control.addEventListener("change", show);

  /** @param {any} newest */
  return (newest) => {
    state = newest;
    show();
  };
}

/**
 * Keeps the rows of a table, and leaves them alone while what they show is the same: somebody may
 * be reading, or marking a text.
 *
 * @param {string} selector of its body
 * @param {number} columns
 * @param {string} empty what to say when there is no row
 */
function table(selector, columns, empty) {
  const body = find(selector, HTMLTableSectionElement);
  let shown = "";
  /**
   * @param {any[]} items
   * @param {(item: any) => HTMLTableRowElement} row
   */
  return (items, row) => {
    const now = JSON.stringify(items);
    if (now === shown) return;
    shown = now;
    body.replaceChildren(
      ...(items.length > 0
        ? items.map(row)
        : [
            element("tr", {}, element("td", { class: "nothing", colspan: String(columns) }, empty)),
          ]),
    );
  };
}

/** @param {any} session */
function sessionRow({ id, user, since, cometd }) {
  const events = cometd.map((/** @type {any} */ { transport, connected, channels, queued }) => {
    const facts = connected ? channels.join(", ") || "no subscription" : "the socket is gone";
    return element(
      "div",
      {},
      tag(transport, connected ? "good" : "warn"),
      element("p", {}, queued > 0 ? `${facts} · ${queued} queued` : facts),
    );
  });
  return row(
    element("th", { scope: "row" }, `${id}: ${user}`),
    cell("time", time(since)),
    cell("", ...(events.length > 0 ? events : [tag("none", "")])),
  );
}

/** @param {any} request */
function requestRow({ at, method, path, operation, session, user, fault, ...outcome }) {
  const { word, kind } = describeOutcome(outcome);
  const more = [
    session && `${session}: ${user}`,
    outcome.statusMessage,
    fault && `fault: ${fault}`,
  ];
  return row(
    cell("time", time(at)),
    cell("", operation || method, element("p", {}, operation ? `${method} ${path}` : path)),
    cell("", tag(word, kind), element("p", {}, more.filter(Boolean).join(" · "))),
  );
}

/**
 * @param {{ outcome: string, status?: number, statusCode?: number }} exchange
 * @returns {{ word: string, kind: "" | "good" | "warn" | "bad" }}
 */
function describeOutcome({ outcome, status = 0, statusCode }) {
  switch (outcome) {
    case "pending":
      return { word: "pending", kind: "" };
    case "upgraded":
      return { word: "WebSocket", kind: "good" };
    case "cut":
      return { word: "connection cut", kind: "bad" };
    case "gone":
      return { word: "client gone", kind: "warn" };
  }
  const word = statusCode === undefined ? `${status}` : `${status} · code ${statusCode}`;
  return { word, kind: status < 300 && !statusCode ? "good" : "bad" };
}

/** @param {any} event */
function eventRow({
  at,
  channel,
  notificationType,
  referenceId,
  recordHandle,
  user,
  sessions,
  fault,
}) {
  const what = [recordHandle && `record ${recordHandle}`, referenceId ?? "no reference id"];
  const to = sessions === 1 ? "1 session" : `${sessions} sessions`;
  const more = [user ?? "everybody", fault && `fault: ${fault}`];
  return row(
    cell("time", time(at)),
    cell("", notificationType ?? channel, element("p", {}, what.filter(Boolean).join(" · "))),
    cell(
      "",
      fault === "silence" ? tag("lost", "bad") : tag(to, sessions > 0 ? "good" : "warn"),
      element("p", {}, more.filter(Boolean).join(" · ")),
    ),
  );
}

/** How a status looks. @type {Record<string, "" | "good" | "warn" | "bad">} */
const kinds = { retrieved: "warn", completed: "good", cancelled: "bad", "do-not-call": "bad" };

/** @param {any} record */
function recordRow({ handle, chain, contact, phoneNumber, phoneType, history, ...record }) {
  const when =
    record.status === "scheduled" &&
    `${record.callbackType}, ${new Date(record.scheduledFor).toLocaleString()}`;
  const more = [record.agent, when].filter(Boolean).join(" · ");
  const made = row(
    element("th", { scope: "row" }, contact, element("p", {}, `chain ${chain}`)),
    cell(
      "number",
      phoneNumber,
      element("p", {}, phoneType),
      element("p", {}, handle ? `handle ${handle}` : "not handed out"),
    ),
    cell(
      "",
      tag(record.status, kinds[record.status] ?? ""),
      ...(more ? [element("p", {}, more)] : []),
    ),
    cell(
      "history",
      ...history.map((/** @type {any} */ { at, user, operation, result }) =>
        element("p", {}, `${time(at)} ${user}: ${operation}, ${result}`),
      ),
    ),
  );
  made.dataset.status = record.status;
  made.dataset.handle = String(handle);
  return made;
}

/**
 * @param {any} record
 * @param {string} wanted
 */
function fits({ status, history }, wanted) {
  if (wanted === "touched") return history.length > 0;
  return wanted === "" || status === wanted;
}

/**
 * @param {HTMLSelectElement} list
 * @param {any[]} campaigns
 */
function offerLists(list, campaigns) {
  if (list.options.length > 0) return; // they stay the same
  list.append(
    ...campaigns.map(({ name, callingLists }) => {
      const group = element("optgroup", { label: name });
      group.append(
        ...callingLists.map((/** @type {any} */ { name }) =>
          element("option", { value: name }, name),
        ),
      );
      return group;
    }),
  );
}

/** @param {...HTMLElement} cells */
const row = (...cells) => element("tr", {}, ...cells);

/**
 * @param {string} className
 * @param {...(Node | string)} content
 */
const cell = (className, ...content) =>
  element("td", className ? { class: className } : {}, ...content);

/**
 * @param {string} word
 * @param {"" | "good" | "warn" | "bad"} kind
 */
const tag = (word, kind) => element("span", { class: `tag ${kind}`.trim() }, word);

/** @param {number} at in ms since 1970 */
const time = (at) => new Date(at).toLocaleTimeString();

// @ts-check

/**
 * What can go wrong with the next operation: faults as the simulator knows them, apart from whose
 * session they are for and how often they happen. Source: Go package internal/gwssim, Fault.
 */
export const faults = [
  {
    name: "lose-answer",
    label: "The answer is lost",
    fault: { at: "event", do: "silence" },
  },
  {
    name: "delay-answer",
    label: "The answer comes 5 s late",
    fault: { at: "event", do: "delay", delayMS: 5000 },
  },
  {
    name: "other-event",
    label: "Another event is the answer",
    fault: { at: "event", do: "amend", body: '{"notificationType":"RecordProcessedError"}' },
  },
  {
    name: "refuse-csrf",
    label: "The CSRF token is refused (403)",
    fault: {
      at: "post",
      do: "answer",
      status: 403,
      header: { "Content-Type": "application/json" },
      body: '{"statusCode":3,"statusMessage":"Missing or invalid Csrf token"}',
    },
  },
  {
    name: "fail",
    label: "The server fails (500)",
    fault: {
      at: "post",
      do: "answer",
      status: 500,
      header: { "Content-Type": "application/json" },
      body: '{"statusCode":4,"statusMessage":"Internal error"}',
    },
  },
  {
    name: "refuse",
    label: "GWS refuses the operation (status code 2)",
    fault: {
      at: "post",
      do: "answer",
      status: 200,
      header: { "Content-Type": "application/json" },
      body: '{"statusCode":2,"statusMessage":"A parameter is not valid for the current state"}',
    },
  },
  {
    name: "cut-post",
    label: "It is done, but the POST's connection is reset",
    fault: { at: "post", do: "reset", processed: true },
  },
];

/** What can happen to a session at once, by the simulator's verb. */
export const blows = [
  { verb: "cut", label: "Drop the connection" },
  { verb: "expire", label: "Lose the CometD session" },
  { verb: "expire-http", label: "Sign out" },
  { verb: "kick", label: "Disconnect by the server" },
];

/**
 * Does one of the simulator's verbs: see the documentation of Go package internal/gwssim.
 *
 * @param {string} verb
 * @param {object} [args]
 * @returns {Promise<any>} what the verb gives
 * @throws {Error} that says why not
 */
export async function control(verb, args = {}) {
  const response = await fetch(`/gwssim/${verb}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(args),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let reason = `HTTP ${response.status}`;
  try {
    reason = JSON.parse(text).error ?? reason;
  } catch {} // the status says it
  throw new Error(`${verb}: ${reason}`);
}

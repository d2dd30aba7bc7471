// @ts-check

/**
 * Asks the server who is signed in, so that nothing of one agent is left for the next. The client compares for
 * itself, and tells nobody whom.
 *
 * @param {string} baseUrl of GWS, without /api
 * @param {{ Authorization: string }} [credentials] none if the browser's own session is what counts
 * @returns {Promise<string>} what the server calls the agent, for comparison only; "" if it names nobody
 * @throws {Error} if it gives no answer
 */
export async function whoIsSignedIn(baseUrl, credentials) {
  const response = await fetch(`${baseUrl.replace(/\/+$/, "")}/api/v2/me`, {
    headers: { Accept: "application/json", ...credentials },
    credentials: "include",
    cache: "no-store",
    redirect: "error",
  });
  if (!response.ok) throw new Error(`The server answered HTTP ${response.status}.`);
  const { user } = JSON.parse(await response.text(), digits);
  const names = [user?.id, user?.userName].filter((name) => name !== undefined && name !== null);
  return names.length > 0 ? JSON.stringify(names) : "";
}

/**
 * Keeps the digits of a number: of an id beyond 2^53 JSON.parse alone does not.
 *
 * @param {string} _key
 * @param {unknown} value
 * @param {{ source?: string }} [context] which some browsers lack
 */
function digits(_key, value, context) {
  return typeof value === "number" ? (context?.source ?? value) : value;
}

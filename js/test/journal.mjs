// Looks at the journal of a page, and at what a client finds in it.

/** Lists the unsettled calls of a client, without what cannot be sent: that stays in the session. */
export function list(session) {
  return session.evaluate(async (session) => {
    const calls = await session.client.unsettled();
    session.settled ??= {};
    for (const { referenceId, settled } of calls) {
      session.settled[referenceId] ??= settled;
    }
    return calls.map(({ settled, sentAt, answerableUntil, ...call }) => ({
      ...call,
      answerableUntil: answerableUntil && answerableUntil.getTime() - Date.now(),
      aged: Date.now() - sentAt.getTime(),
      promised: settled instanceof Promise,
    }));
  });
}

/** The references of the unsettled calls, and what is known of them. */
export async function unsettled(session) {
  return (await list(session)).map(({ referenceId, delivery }) => `${referenceId} ${delivery}`);
}

/** What an unsettled call that was listed settles with. */
export function settlesWith(session, referenceId) {
  const outcome = session.evaluate(
    ({ settled, outcome, OutboundError }, referenceId) =>
      outcome(settled[referenceId], OutboundError),
    referenceId,
  );
  outcome.catch(() => {});
  return outcome;
}

/** What the journal has, as the page reads it; null where there is no database. */
export function stored(page) {
  return page.evaluate(async () => {
    const databases = await indexedDB.databases();
    if (!databases.some(({ name }) => name === "gws-outbound")) {
      return null;
    }
    const asked = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await asked(indexedDB.open("gws-outbound"));
    const store = db.transaction("journal").objectStore("journal");
    const [keys, texts] = await Promise.all([asked(store.getAllKeys()), asked(store.getAll())]);
    db.close();
    return Object.fromEntries(keys.map((key, i) => [key, texts[i]]));
  });
}

/** Waits until the journal says that a completion was accepted. */
export async function keptAsAccepted(page, referenceId) {
  for (;;) {
    const texts = Object.values(await stored(page)).map((text) => JSON.parse(text));
    if (texts.some((it) => it.referenceId === referenceId && it.delivery === "accepted")) {
      return;
    }
  }
}

/**
 * Waits until the browser has freed what the clients of pages held that are gone. A client waits for that for half a second;
 * on a busy machine it may take longer.
 */
export function locksAreFree(page) {
  return page.evaluate(async () => {
    const { held } = await navigator.locks.query();
    const names = held.map(({ name }) => name).filter((name) => name.startsWith("gws-outbound "));
    await Promise.all(names.map((name) => navigator.locks.request(name, () => {})));
  });
}

/** Loads a page again that is the only one. */
export async function reload(page) {
  await page.reload();
  await locksAreFree(page);
}

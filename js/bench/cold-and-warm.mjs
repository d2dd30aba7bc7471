// Starts of pages: cold, in a fresh profile, and warm, after a reload.

import { columns, inOrder } from "./numbers.mjs";

// The browser caches compiled code when a module has been idle for a while; there is no event
// for that.
const cachedAfter = 2000; // ms

/** Waits until the browser has cached the code that has run. */
export const untilCached = () => new Promise((resolve) => setTimeout(resolve, cachedAfter));

/**
 * Measures each of `names` in a page of its own, cold; and all of them again, warm. Round after
 * round, in alternating order.
 *
 * @param {number} rounds
 * @param {string[]} names
 * @param {object} how
 * @param {(name: string) => Promise<import("./browser.mjs").BenchPage>} how.open
 * @param {(page: BenchPage, name: string) => Promise<number>} how.start says how long it took, in ms
 * @param {(page: BenchPage, name: string) => Promise<void>} [how.reload]
 */
export async function coldAndWarm(rounds, names, { open, start, reload = reloaded }) {
  const rows = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const pages = {};
    const colds = {};
    for (const name of inOrder(names, round)) {
      pages[name] = await open(name);
      colds[name] = await start(pages[name], name);
    }
    await untilCached();
    for (const name of inOrder(names, round)) {
      const page = pages[name];
      const longTasks = await page.longTasks(); // the reload starts to count again
      await reload(page, name);
      const warm = await start(page, name);
      rows[name].push({
        cold: colds[name],
        warm,
        longTasks: longTasks + (await page.longTasks()),
      });
      await page.close();
    }
  }
  return Object.fromEntries(names.map((name) => [name, columns(rows[name])]));
}

function reloaded({ page }) {
  return page.reload();
}

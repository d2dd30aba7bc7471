// The keyboard, as somebody without a mouse uses it.

import assert from "node:assert/strict";

/** The data-testid of the element that has the focus. */
export const focused = (page) => page.evaluate(() => document.activeElement.dataset.testid);

/** Presses Tab until the element with this data-testid has the focus. */
export async function tabTo(page, testid) {
  for (let i = 0; i < 80; i++) {
    if ((await focused(page)) === testid) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${testid}`);
}

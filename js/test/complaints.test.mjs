// That a page's complaints are heard at all, on which every other test relies.

import assert from "node:assert/strict";
import { testInPage } from "./in-browser.mjs";

testInPage(
  "what a page complains of is heard",
  async (page, said) => {
    await page.evaluate(async () => {
      const { complain } = await import("/complain.js");
      await complain();
    });
    await page.evaluate(() => {});
    for (const expected of [
      /^debug: by the way$/,
      /^error: on the console 1$/,
      /^error: uncaught .*out of a timer/,
      /^error: uncaught .*out of a promise/,
      /^error: img-src forbids http:\/\/127.0.0.1:1\/$/,
    ]) {
      assert.ok(
        said.some((line) => expected.test(line)),
        `${expected} is not among ${JSON.stringify(said, null, 2)}`,
      );
    }
  },
  { complaints: /./ },
);

// The page and the Go program read the same events: the one by JSON.parse, the other by internal/jsontext. They must not
// understand them differently, or what settles a call is not what the page is shown.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { testInPage } from "./in-browser.mjs";

const corpus = new URL("../../internal/jsontext/corpus/readings.json", import.meta.url);

/** Runs in the page: what it reads otherwise than the Go program. Names such as __proto__ cross in text only. */
function compare(corpus) {
  const readings = JSON.parse(corpus);
  const wrong = [];
  let compared = 0;
  for (const { text, problem, passed, members = {} } of readings) {
    const parsed = attempt(text.replace(/^\ufeff/, ""));
    const note = (what) => wrong.push(`${what}: ${JSON.stringify(text).slice(0, 200)}`);
    if (problem !== undefined) {
      if (parsed) note("only JSON.parse reads");
      continue;
    }
    const value = attempt(passed);
    if (!value) {
      note("what is passed on is no JSON");
      continue;
    }
    // What is no JSON, such as NaN, the Go program has mended.
    if (parsed && !same(parsed.value, value.value)) note("passed on differently");
    const object = isObject(value.value) ? value.value : {};
    for (const name of Object.keys(object)) {
      if (known(name) && !Object.hasOwn(members, name)) note(`only JSON.parse has ${name} in`);
    }
    for (const [name, member] of Object.entries(members)) {
      compared++;
      if (!Object.hasOwn(object, name)) {
        note(`only the Go program has ${name} in`);
      } else if (!same(object[name], attempt(member)?.value)) {
        note(`${name} is another one in`);
      }
    }
  }
  return { wrong, compared, readings: readings.length };

  function attempt(text) {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return undefined;
    }
  }

  function known(name) {
    return readings.some(({ members = {} }) => Object.hasOwn(members, name));
  }

  function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  /** An integer that a number does not hold is passed on as its digits. */
  function same(a, b) {
    if (typeof a === "number" && typeof b === "string") {
      return Math.abs(a) > Number.MAX_SAFE_INTEGER && /^-?\d+$/.test(b) && Number(b) === a;
    }
    if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
      return Object.is(a, b);
    }
    const names = Object.keys(a);
    return (
      Array.isArray(a) === Array.isArray(b) &&
      names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
    );
  }
}

testInPage("JSON.parse understands what the Go program does", async (page) => {
  const { wrong, compared, readings } = await page.evaluate(
    compare,
    await readFile(corpus, "utf8"),
  );
  assert.deepEqual(wrong, []);
  assert.ok(readings > 100, `${readings} texts`);
  assert.ok(compared > 50, `${compared} properties`);
});

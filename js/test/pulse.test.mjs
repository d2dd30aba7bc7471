// When a program that does not answer is taken for dead: src/pulse.ts alone, by a clock of the test's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("../src/pulse.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});

let now = 0;
let timers = [];
/** Lets time pass; the timers of a page that sleeps meanwhile are late. */
function pass(ms, asleep = false) {
  const end = now + ms;
  now = asleep ? end : now;
  for (;;) {
    timers.sort((a, b) => a.at - b.at);
    if (timers.length === 0 || timers[0].at > end) {
      break;
    }
    const [{ at, run }] = timers.splice(0, 1);
    now = Math.max(now, at);
    run();
  }
  now = end;
}
const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
let last = 0;
globalThis.setTimeout = (run, ms) => {
  timers.push({ id: ++last, at: now + ms, run });
  return last;
};
globalThis.clearTimeout = (id) => {
  timers = timers.filter((timer) => timer.id !== id);
};
const clock = performance.now;
performance.now = () => now;
const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`;
const { Pulse } = await import(url);
Object.assign(globalThis, real);

function beating(run) {
  return () => {
    const seen = { asked: 0, dead: 0, beats: 0, answers: true, wanted: true };
    const pulse = new Pulse(
      () => {
        seen.asked++;
        if (seen.answers) pulse.beat();
      },
      () => seen.dead++,
      () => seen.wanted,
      () => seen.beats++,
    );
    try {
      run(pulse, seen);
    } finally {
      pulse.stop();
      timers = [];
    }
  };
}

test(
  "what answers is asked every 5 s, as long as that is wanted",
  beating((pulse, seen) => {
    pulse.start();
    pass(60_000);
    assert.deepEqual([seen.asked, seen.dead, seen.beats], [12, 0, 12]);
    seen.wanted = false;
    pass(60_000);
    assert.equal(seen.asked, 12);
    seen.wanted = true;
    pulse.start();
    pass(5000);
    assert.equal(seen.asked, 13);
  }),
);

test(
  "what does not answer for 15 s is dead",
  beating((pulse, seen) => {
    seen.answers = false;
    pulse.check();
    pass(14_999);
    assert.equal(seen.dead, 0);
    pulse.check(); // the question is open
    assert.equal(seen.asked, 1);
    pass(1);
    assert.equal(seen.dead, 1);
  }),
);

test(
  "a page that slept asks again, and takes the answer",
  beating((pulse, seen) => {
    seen.answers = false;
    pulse.check();
    seen.answers = true;
    pass(3_600_000, true);
    assert.deepEqual([seen.asked, seen.dead], [2, 0]);
    pass(60_000);
    assert.equal(seen.dead, 0);
  }),
);

test(
  "a page that sleeps again and again gives up at the third time",
  beating((pulse, seen) => {
    seen.answers = false;
    pulse.check();
    for (let i = 0; i < 3; i++) {
      assert.equal(seen.dead, 0);
      pass(20_000, true);
    }
    assert.deepEqual([seen.asked, seen.dead], [3, 1]);
  }),
);

test.after(() => {
  performance.now = clock;
});

// What the benchmark must not exceed. All are ratios of two measurements of
// the same run, and of these the median of the rounds: absolute times say more about the
// machine. `path` leads to the median in build/bench.json.
//
// `most` is asserted. Where it is more than what was set out for, that is the `aim`, and `most` is what has
// been reached, with room for how far runs on two busy cores differ: README.md says why.

const completions = (server, transport) => `completions.${server}.${transport}.ratios`;

/** @type {{ name: string, path: string, most: number, aim?: number }[]} */
export const budgets = [];

const limits = {
  websocket: { aim: 1.05, p50: 1.6, p95: 1.9 },
  "long-polling": { aim: 1.0, p50: 2.1, p95: 2.2 },
};

for (const server of ["faye", "cometd-9"]) {
  for (const [transport, { aim, p50, p95 }] of Object.entries(limits)) {
    const path = completions(server, transport);
    const where = `${server}, ${transport}`;
    budgets.push(
      { name: `${where}: completion p50 / peer`, path: `${path}.worker.p50`, most: p50, aim },
      { name: `${where}: completion p95 / peer`, path: `${path}.worker.p95`, most: p95, aim },
      {
        name: `${where}: 1,000 at once / peer`,
        path: `${path}.worker.atOnce`,
        most: 1.7,
        aim: 1.05,
      },
      {
        name: `${where}: page thread, 10,000 unrelated notifications / peer`,
        path: `${path}.worker.flood`,
        most: 0.1,
      },
    );
  }
}

budgets.push(
  { name: "cold start in place / bare module", path: "start.ratios.bare.cold", most: 2.2 },
  {
    name: "warm start in place / bare module",
    path: "start.ratios.bare.warm",
    most: 3.6,
    aim: 1.3,
  },
  { name: "cold start, slim / bare module", path: "start.ratios.slim.cold", most: 2.2, aim: 1.4 },
  // Flat: what lives after the last completion, beside what lives after the first 1,000.
  { name: "memory at the end / after 1,000 completions", path: "memory.ratios.worker", most: 1.05 },
);

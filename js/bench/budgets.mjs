// What the benchmark must not exceed. All are ratios of two measurements of
// the same run, and of these the median of the rounds: absolute times say more about the
// machine. `path` leads to the median in build/bench.json.

const completions = (server, transport) => `completions.${server}.${transport}.ratios`;

/** @type {{ name: string, path: string, most: number }[]} */
export const budgets = [];

for (const server of ["faye", "cometd-9"]) {
  for (const [transport, most] of Object.entries({ websocket: 1.05, "long-polling": 1.0 })) {
    const path = completions(server, transport);
    const where = `${server}, ${transport}`;
    budgets.push(
      { name: `${where}: completion p50 / peer`, path: `${path}.worker.p50`, most },
      { name: `${where}: completion p95 / peer`, path: `${path}.worker.p95`, most },
      { name: `${where}: 1,000 at once / peer`, path: `${path}.worker.atOnce`, most: 1.05 },
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
  { name: "warm start in place / bare module", path: "start.ratios.bare.warm", most: 1.3 },
  // Flat: what lives after the last completion, beside what lives after the first 1,000.
  { name: "memory at the end / after 1,000 completions", path: "memory.ratios.worker", most: 1.05 },
);

// The benchmarks of the Go packages, natively.

import { execFileSync } from "node:child_process";

const line = /^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+(.*)$/gm;

/** @returns {{ [name: string]: { [unit: string]: number } }} such as { BenchmarkX: { "ns/op": 12 } } */
export function measureCore() {
  const output = execFileSync(
    "go",
    ["test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", "0.3s", "./internal/bayeux"],
    { encoding: "utf8" },
  );
  const results = {};
  for (const [, name, figures] of output.matchAll(line)) {
    const pairs = figures.split("\t").map((figure) => figure.trim().split(" "));
    results[name] = Object.fromEntries(pairs.map(([value, unit]) => [unit, Number(value)]));
  }
  return results;
}

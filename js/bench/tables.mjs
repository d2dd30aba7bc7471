// The results as tables in Markdown.

import { median } from "./numbers.mjs";

const names = {
  worker: "in a Worker",
  inPlace: "in place",
  peer: "cometd.js",
  peerInWorker: "cometd.js in a Worker",
  post: "POST alone",
  floor: "bare Go module",
  bare: "module, bare",
};

const completions = {
  p50: "completion p50, ms",
  p95: "completion p95, ms",
  p99: "completion p99, ms",
  steady: "each of 10 in flight, ms",
  atOnce: "1,000 at once, ms",
  pageTask: "page thread a completion, ms",
  pageScript: "of it scripts, ms",
  flood: "page thread, 10,000 unrelated notifications, ms",
  floodScript: "of it scripts, ms",
  floodLongTasks: "tasks over 50 ms meanwhile",
  heard: "page thread, 10,000 with a listener, ms",
  heardScript: "of it scripts, ms",
  heardLongTasks: "tasks over 50 ms meanwhile",
};

const starts = {
  cold: "cold, until it can be called, ms",
  warm: "warm, until it can be called, ms",
  coldConnected: "cold, until connected, ms",
  warmConnected: "warm, until connected, ms",
  longTasks: "tasks over 50 ms, both",
};

export function printTables(result) {
  if (result.size) printSizes(result.size);
  if (result.core) printCore(result.core);
  if (result.start) {
    heading("Start");
    printMeasured(result.start, starts, [
      ["bare", "floor"],
      ["inPlace", "peer"],
      ["worker", "peer"],
    ]);
  }
  for (const [server, all] of Object.entries(result.completions ?? {})) {
    for (const [transport, measured] of Object.entries(all)) {
      heading(`${server}, ${transport}`);
      printMeasured(measured, completions, [
        ["worker", "peer"],
        ["inPlace", "peer"],
        ["peerInWorker", "peer"],
        ["peer", "post"],
      ]);
    }
  }
  if (result.memory) printMemory(result.memory);
}

/** Medians of the rounds, and behind them ratios with their spread. */
function printMeasured({ measured, ratios }, rows, pairs) {
  const subjects = Object.keys(measured);
  row(
    "",
    ...subjects.map((name) => names[name]),
    ...pairs.map(([a, b]) => `${names[a]} / ${names[b]}`),
  );
  rule(subjects.length + pairs.length);
  for (const [figure, title] of Object.entries(rows)) {
    row(
      title,
      ...subjects.map((name) => shown(measured[name][figure])),
      ...pairs.map(([subject]) => spread(ratios[subject][figure])),
    );
  }
}

function printSizes(files) {
  heading("Size, bytes");
  row("", "raw", "gzip", "brotli");
  rule(3);
  for (const [name, sizes] of Object.entries(files)) row(name, ...Object.values(sizes).map(whole));
}

function printCore(core) {
  heading("The core, natively");
  row("", "ns/op", "B/op", "allocs/op");
  rule(3);
  for (const [name, figures] of Object.entries(core)) {
    row(name, ...["ns/op", "B/op", "allocs/op"].map((unit) => whole(figures[unit])));
  }
}

function printMemory({ completions, measured }) {
  heading("Memory, bytes that live");
  row("", "after the start", "after 1,000", `after ${whole(completions)}`);
  rule(3);
  for (const [name, { start, thousand, end }] of Object.entries(measured)) {
    for (const part of Object.keys(start)) {
      row(`${names[name]}: ${part}`, ...[start, thousand, end].map((taken) => whole(taken[part])));
    }
  }
}

/** Prints each budget, and returns how many are exceeded. */
export function printBudgets(result, budgets) {
  let exceeded = 0;
  heading("Budgets");
  row("", "measured", "at most", "");
  rule(3);
  for (const { name, path, most } of budgets) {
    const measured = path.split(".").reduce((value, key) => value?.[key], result);
    if (!measured) continue; // a part that was left out
    const over = !(measured.median <= most);
    if (over) exceeded++;
    row(name, spread(measured), most.toFixed(2), over ? "EXCEEDED" : "");
  }
  return exceeded;
}

function heading(text) {
  console.log(`\n### ${text}\n`);
}

function row(...cells) {
  console.log(`| ${cells.join(" | ")} |`);
}

function rule(columns) {
  console.log(`|---${"|--:".repeat(columns)}|`);
}

function shown(list) {
  if (list?.[0] === undefined) return "";
  const value = median(list);
  return value.toFixed(value < 100 && !Number.isInteger(value) ? 2 : 0);
}

function spread(ratio) {
  if (!ratio || Number.isNaN(ratio.median)) return "";
  const { median, min, max } = ratio;
  const range = min === undefined ? "" : ` (${min.toFixed(2)} to ${max.toFixed(2)})`;
  return `${median.toFixed(2)}${range}`;
}

function whole(value) {
  return value === undefined ? "" : Math.round(value).toLocaleString("en");
}

// The results as tables in Markdown.

import { median } from "./numbers.mjs";
import { pause } from "./pace.mjs";

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
  cold: "cold, ms",
  warm: "warm, ms",
  longTasks: "tasks over 50 ms, both",
};

/** What is measured on lines, by the names of the parts. */
const onLines = {
  navigation: {
    title: "From the navigation until connected",
    rows: {
      cold: "cold, ms",
      warm: "warm, ms",
      longTasks: "tasks of the page over 50 ms, both",
    },
  },
  connecting: {
    title: "Connecting alone, the code being loaded",
    rows: { connected: "connected, ms" },
  },
  pace: {
    title: `Completions at an agent's pace, ${pause} ms between two`,
    rows: { p50: "p50, ms", p95: "p95, ms" },
  },
};

export function printTables(result) {
  printConditions(result);
  if (result.size) printSizes(result.size);
  if (result.core) printCore(result.core);
  if (result.start) {
    heading("Bare start, until it can be called");
    printMeasured(result.start, starts, [["bare", "floor"]]);
  }
  for (const [part, { title, rows }] of Object.entries(onLines)) {
    if (result[part]) printOnLines(result[part], title, rows);
  }
  for (const [server, all] of Object.entries(result.completions ?? {})) {
    for (const [transport, measured] of Object.entries(all)) {
      heading(`${server}, ${transport}, 0 ms: completions back to back`);
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

function printConditions(result) {
  const { date, machine, browser, rounds, roundsBackToBack, rate, siteRoundTrip, seconds } = result;
  const conditions = [
    machine,
    browser,
    `${rounds} rounds`,
    `${roundsBackToBack} of completions back to back`,
    ...(rate ? [`lines of ${rate} bytes/s`] : []),
    ...(siteRoundTrip === undefined ? [] : [`${siteRoundTrip} ms to the site`]),
  ];
  console.log(
    `\nMeasured on ${date.slice(0, 10)} in ${seconds} s: ${conditions.join(", ")}. ` +
      "Figures are medians of the rounds, in parentheses the least and the most.",
  );
}

/** One table for all lines. */
function printOnLines(byTransport, title, rows) {
  const lines = Object.entries(byTransport).flatMap(([transport, byRoundTrip]) =>
    Object.entries(byRoundTrip).map(([roundTrip, measured]) => ({
      where: `${transport}, ${roundTrip} ms`,
      ...measured,
    })),
  );
  const roundTrips = Object.keys(Object.values(byTransport)[0]);
  heading(`${title}; cometd-9, round trip ${roundTrips.join(", ")} ms`);
  const [{ measured }] = lines;
  const pairs = [
    ["worker", "peer"],
    ["inPlace", "peer"],
  ];
  printHead(Object.keys(measured), pairs);
  for (const { where, ...line } of lines) {
    printRows(line, rows, pairs, `${where}: `);
  }
}

/** Medians of the rounds and their ratios, each with its spread. */
function printMeasured(measured, rows, pairs) {
  const known = pairs.filter(([subject]) => measured.ratios[subject]);
  printHead(Object.keys(measured.measured), known);
  printRows(measured, rows, known);
}

function printHead(subjects, pairs) {
  row(
    "",
    ...subjects.map((name) => names[name]),
    ...pairs.map(([a, b]) => `${names[a]} / ${names[b]}`),
  );
  rule(subjects.length + pairs.length);
}

function printRows({ measured, ratios }, rows, pairs, where = "") {
  for (const [figure, title] of Object.entries(rows)) {
    const figures = Object.values(measured).map((columns) => columns[figure]);
    if (figures.every((list) => list === undefined)) continue;
    row(
      where + title,
      ...figures.map(shown),
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
  heading("Budgets");
  if (result.rate) {
    console.log("They are for lines without a rate.");
    return 0;
  }
  let exceeded = 0;
  row("", "measured", "budget", "moonshot", "");
  rule(3);
  for (const { name, path, most, moonshot } of budgets) {
    const measured = path.split(".").reduce((value, key) => value?.[key], result);
    if (measured === undefined) continue; // a part that was left out
    const value = measured.median ?? measured;
    const over = !(value <= most);
    if (over) exceeded++;
    const verdict = over ? "EXCEEDED" : !moonshot || value <= moonshot ? "" : "moonshot missed";
    row(name, spread(measured, 3), limit(most), moonshot ? limit(moonshot) : "", verdict);
  }
  console.log(`\n${exceeded} budgets exceeded`);
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

/** The median of a list, with its spread. */
function shown(list) {
  if (list?.[0] === undefined) return "";
  return ranged(median(list), Math.min(...list), Math.max(...list), rounded);
}

/** A ratio with its spread, or a figure that has none. */
function spread(measured, digits = 2) {
  if (measured === undefined || Number.isNaN(measured.median)) return "";
  if (typeof measured === "number") return limit(measured);
  const { median, min, max } = measured;
  return ranged(median, min, max, (value) => value.toFixed(digits));
}

function ranged(median, min, max, format) {
  const [middle, ...ends] = [median, min, max].map((value) => value !== undefined && format(value));
  return min === max ? middle : `${middle} (${ends.join(" to ")})`;
}

function rounded(value) {
  if (Number.isInteger(value) || value >= 100) return value.toFixed(0);
  return value.toFixed(value < 10 ? 2 : 1);
}

function limit(value) {
  return value < 1000 ? value.toFixed(2) : whole(value);
}

function whole(value) {
  return value === undefined ? "" : Math.round(value).toLocaleString("en");
}

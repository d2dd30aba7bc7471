#!/usr/bin/env node
// gws-outbound-simulator: runs the simulator until it is interrupted.

"use strict";

const { run } = require("./index.cjs");

let child;
try {
  child = run(process.argv.slice(2), ["inherit", "inherit"]);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  // It ends by itself, as the terminal interrupts it, too; else by the end of its standard input.
  process.on(signal, () => child.stdin.end());
}
child.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});

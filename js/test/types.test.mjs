// The types that were built, with nothing beside them, in a strict project.

import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

test("the built types stand on their own", async () => {
  const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  const project = fileURLToPath(new URL("types/tsconfig.dist.json", import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [tsc, "-p", project]);
  } catch (error) {
    throw new Error(error.stdout || error.message);
  }
});

import type { LoadOptions } from "./api.js";
import type { Link } from "./link.js";
import { warn } from "./log.js";
import { compiled } from "./module.js";
import { linkToPage } from "./page-host.js";
import { linkToWorker, NoWorker } from "./worker-host.js";

/** Gives the road to a running program: in a Worker where the options want that and it can be, else here. */
export async function linkTo(
  options: LoadOptions,
  logLevel: unknown,
  log?: unknown,
): Promise<Link> {
  const module = compiled(options);
  if (wantsWorker(options.worker)) {
    try {
      return await linkToWorker(module, options.workerUrl);
    } catch (error) {
      if (!(error instanceof NoWorker)) {
        throw error;
      }
      warn(log, logLevel, `the module runs on the calling thread: ${error.message}`);
    }
  }
  return linkToPage(await module);
}

// A dedicated or a shared worker is off the page's thread already. A service
// worker is, too, but it is worth a word that its timers stop when it does.
function wantsWorker(option: boolean | undefined): boolean {
  const scope = (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope;
  return option ?? (scope === undefined || typeof Worker === "undefined");
}

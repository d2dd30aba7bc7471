import type { LoadOptions } from "./api.js";
import type { Link } from "./link.js";
import { warn } from "./log.js";
import { compiled } from "./packaged.js";
import { linkToPage } from "./page-host.js";
import { isBesideOtherBuilds, linkToShared } from "./shared-host.js";
import { linkToWorker, NoWorker } from "./worker-host.js";

/**
 * Gives the road to a running program: in a Worker where the options want that and it can be, else here. With the session of
 * the page's own (`adopted`) it is none that other pages use. A Worker of its own dials `socket` meanwhile, the URL of a
 * WebSocket, once that is known.
 */
export async function linkTo(
  options: LoadOptions,
  { log, logLevel }: { log?: unknown; logLevel?: unknown },
  adopted: boolean,
  socket: Promise<string | undefined>,
): Promise<Link> {
  const say = (what: string, { message }: NoWorker) => warn(log, logLevel, `${what}: ${message}`);
  if (options.worker === "shared") {
    try {
      if (adopted) {
        throw new NoWorker("the option cometd has it use the page's own session");
      }
      const link = await linkToShared(options);
      warnOfOtherBuilds(log, logLevel).catch(() => {}); // no locks, and so no word
      return link;
    } catch (error) {
      say("the module is not shared with other pages", noWorker(error));
    }
  }
  const module = compiled(options);
  if (wantsWorker(options.worker)) {
    try {
      return await linkToWorker(module, options.workerUrl, socket);
    } catch (error) {
      const none = noWorker(error);
      await module; // where there is none, that is what is wrong
      say("the module runs on the calling thread", none);
    }
  }
  return linkToPage(await module);
}

async function warnOfOtherBuilds(log: unknown, logLevel: unknown): Promise<void> {
  if (await isBesideOtherBuilds()) {
    const what = "tabs with another build of this package are open, and have another session";
    warn(log, logLevel, `${what}: load them again`);
  }
}

/** What was thrown where there is no Worker; anything else is thrown again. */
function noWorker(error: unknown): NoWorker {
  if (error instanceof NoWorker) {
    return error;
  }
  throw error;
}

// A dedicated or a shared worker is off the page's thread already. A service
// worker is, too, but it is worth a word that its timers stop when it does.
function wantsWorker(option: LoadOptions["worker"]): boolean {
  const scope = (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope;
  return option === undefined ? scope === undefined || typeof Worker === "undefined" : !!option;
}

import type { LoadOptions } from "./api.js";
import { splitOptions } from "./load-options.js";
import { unlessLeft } from "./outlived.js";
import { compiled } from "./packaged.js";
import { nothingSent } from "./program.js";
import { linkToShared } from "./shared-host.js";
import { throwWithCode } from "./unavailable.js";
import { NoWorker } from "./worker-host.js";

/**
 * Fetches and compiles the module ahead of {@link createClient}, so that this
 * one is quick; with `worker: "shared"` it also starts the Worker. Optional; doing it twice costs nothing.
 *
 * Rejects with an {@link OutboundError}: `INVALID_REQUEST` names a wrong
 * option, `LOAD_FAILED` says why the module cannot be loaded. A later call
 * tries again.
 */
export function load(options: LoadOptions = {}): Promise<void> {
  return unlessLeft(nothingSent(), () => loadAhead(options).catch(throwWithCode));
}

async function loadAhead(options: LoadOptions): Promise<void> {
  const [loadOptions] = splitOptions(options);
  if (loadOptions.worker === "shared") {
    try {
      const { release } = await linkToShared(loadOptions);
      release(); // its program stays, for as long as there is a page
      return;
    } catch (error) {
      if (!(error instanceof NoWorker)) {
        throw error;
      }
    }
  }
  await compiled(loadOptions);
}

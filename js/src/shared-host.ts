// Has pages share a Go program, in a shared Worker. What runs there is shared-worker.ts.

import type { LoadOptions } from "./api.js";
import { build } from "./build.js";
import { NativePromise } from "./builtins.js";
import { hold, lockName } from "./life.js";
import type { Link } from "./link.js";
import { moduleUrl } from "./packaged.js";
import { NoWorker, Start, whyNot, whyNoWorker, workerUrl } from "./worker-host.js";

/** What goes to the Worker before the first text. */
export interface Join {
  build: string;
  wasmUrl: string;
  wasmIntegrity: string | undefined;
  /** The name of a lock for the Worker to hold as long as it lives. */
  life: string;
  /** The name of a lock that the page holds as long as it lives, or uses the program; null where there are none. */
  page: string | null;
}

/** What the names of the locks begin with that pages with a shared Worker hold, and those of this build. */
const ofPages = "gws-outbound shared";
const ofBuild = `${ofPages} ${build}`;

/** Whether pages are there, with a shared Worker, that have another build of this package. Their session is another one. */
export async function isBesideOtherBuilds(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name = "" }) => name.startsWith(ofPages) && !name.startsWith(ofBuild));
}

/** Gives a road to the program that pages share. Throws a NoWorker where there is none. */
export async function linkToShared(options: LoadOptions): Promise<Link> {
  if (options.wasmModule) {
    throw new NoWorker("a compiled wasmModule cannot be passed to a shared Worker; give wasmUrl");
  }
  const worker = makeWorker(options.workerUrl);
  const broken = new NativePromise<Link>((_, reject) => {
    worker.addEventListener("error", (event) =>
      reject(new NoWorker(whyNot((event as ErrorEvent).message))),
    );
  });
  broken.catch(() => {}); // it may come first
  const page = lockName(ofBuild);
  const free = await hold(page);
  const { port } = worker;
  const start = new Start(port, lockName(), "shared-worker", () => {
    port.close();
    free?.();
  });
  const join: Join = {
    build,
    wasmUrl: moduleUrl(options).href,
    wasmIntegrity: options.wasmIntegrity,
    life: start.life,
    page: free ? page : null,
  };
  port.postMessage(join);
  try {
    return await new NativePromise<Link>((resolve, reject) => {
      start.link.then(resolve, reject);
      broken.catch(reject);
    });
  } catch (error) {
    start.end();
    throw error instanceof NoWorker ? error : new NoWorker((error as Error).message);
  }
}

function makeWorker(url: string | URL | undefined): SharedWorker {
  if (typeof SharedWorker === "undefined") {
    throw new NoWorker("there is no SharedWorker in this scope");
  }
  try {
    const elsewhere = workerUrl(url);
    if (elsewhere) {
      return new SharedWorker(elsewhere, {
        type: "module",
        name: `gws-outbound ${build}`,
      });
    }
    // Bundlers look for these very words to find the file. Pages of another build have another Worker by its name; what else
    // they may differ in is compared there, since a name is no secret.
    return new SharedWorker(new URL("./worker.js", import.meta.url), {
      type: "module",
      name: `gws-outbound ${build}`,
    });
  } catch (cause) {
    throw whyNoWorker(cause);
  }
}

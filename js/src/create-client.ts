import type { OutboundClient } from "./api.js";
import { NativePromise } from "./builtins.js";
import { Client } from "./client.js";
import { OutboundError } from "./error.js";
import { linkTo } from "./host.js";
import type { Link } from "./link.js";
import { splitOptions } from "./load-options.js";
import type { ClientOptions } from "./options.js";
import { unlessLeft } from "./outlived.js";
import { preconnect } from "./preconnect.js";
import { nothingSent } from "./program.js";
import { headersOf, type Options, optionsOf } from "./remote-client.js";
import { signIn } from "./sign-in.js";
import { hasFired, isSignal, onAbort, reasonOf } from "./signal.js";
import { throwWithCode } from "./unavailable.js";

/**
 * Signs in, connects and subscribes; resolves when records can be completed.
 * Loads the module first, unless {@link load} did.
 *
 * Rejects with an {@link OutboundError} whose `delivery` is `"not-sent"`:
 *
 * - `INVALID_REQUEST`: an option is wrong; every one is named.
 * - `LOAD_FAILED`: the module cannot be had. `MODULE_EXITED`: its program, or its Worker, has ended meanwhile.
 * - `UNAUTHORIZED`, `API_ERROR`, `HTTP_ERROR`: the server refused the sign-in, or something else than the API answered it.
 * - `AGENT_CHANGED`: another agent has signed in meanwhile.
 * - `CONNECT_FAILED`: no session within {@link ClientOptions.connectTimeout}.
 * - `HANDSHAKE_REFUSED`, `SUBSCRIBE_REFUSED`, `DISCONNECTED`: the server refused the session or a channel, or ended the session.
 * - `ABORTED`: the signal fired; its reason is the `cause`.
 * - `CLOSED`: with `worker: "shared"`, the client that it was to share was closed meanwhile.
 */
export function createClient(options: ClientOptions = {}): Promise<OutboundClient> {
  return unlessLeft(nothingSent(), () => connect(options).catch(throwWithCode));
}

async function connect(options: ClientOptions): Promise<OutboundClient> {
  const [loadOptions, clientOptions] = splitOptions(options);
  const given = optionsOf(clientOptions as Options);
  const headers = headersOf(clientOptions.headers);
  const signedIn = signIn(clientOptions as Options, headers);
  preconnect(clientOptions.baseUrl, clientOptions.credentials);
  const adopted = clientOptions.cometd !== undefined && clientOptions.cometd !== null;
  const socket = signedIn?.socket ?? NativePromise.resolve(undefined);
  const started = linkTo(loadOptions, clientOptions, adopted, socket);
  try {
    const link = await unlessAborted(started, clientOptions.signal);
    return await Client.connect(link, clientOptions, given, headers, signedIn);
  } finally {
    signedIn?.end();
  }
}

// The module looks at the signal itself, but it is not there yet: a download
// may take long. What was begun goes on, for the next caller.
function unlessAborted(work: Promise<Link>, signal: unknown): Promise<Link> {
  if (!isSignal(signal)) {
    return work;
  }
  return new NativePromise((resolve, reject) => {
    const abort = () => {
      work.then(
        ({ release }) => release(),
        () => {},
      );
      reject(
        new OutboundError({
          code: "ABORTED",
          message: "aborted while the WebAssembly module was loading; nothing was sent",
          delivery: "not-sent",
          cause: reasonOf(signal),
        }),
      );
    };
    const ignore = onAbort(signal, abort);
    work.then(resolve, reject).then(ignore, ignore);
    if (hasFired(signal)) {
      abort();
    }
  });
}

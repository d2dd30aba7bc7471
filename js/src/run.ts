import wasmExec, { type Go } from "go:wasm_exec";
import { callText } from "./call-text.js";
import { Calls } from "./calls.js";
import { OutboundError } from "./error.js";
import { Printer } from "./print.js";
import { Program } from "./program.js";
import type { GoCore, GoHandle, Handle, Host, Outcomes } from "./protocol.js";
import { makeRequests } from "./request.js";
import { makeScope } from "./scope.js";
import { signalOf, withoutSignal } from "./signal.js";
import { unavailable } from "./unavailable.js";

const programs = new WeakMap<WebAssembly.Module, Promise<Program>>();

/** Gives the running program of a module; starts one if there is none (any more). */
export function running(module: WebAssembly.Module): Promise<Program> {
  let program = programs.get(module);
  if (!program) {
    program = runHere(module);
    programs.set(module, program);
    const forget = () => programs.delete(module);
    program.then((started) => started.onEnd(forget), forget);
  }
  return program;
}

async function runHere(module: WebAssembly.Module): Promise<Program> {
  const calls = new Calls();
  const { program, core } = await run(module, {
    makeError: (init) => new OutboundError(init),
    resolved: (id, text) => calls.resolve(id, JSON.parse(text)),
    rejected: (id, error) => calls.reject(id, error),
    known: (id, delivery) => calls.trackOf(id)?.tell(delivery),
  });
  program.core = {
    createClient: async (options, hooks) => handle(await core.createClient(options, hooks), calls),
  };
  return program;
}

function handle(go: GoHandle, calls: Calls): Handle {
  return {
    ...go,
    call: (method, request, options, track) =>
      calls.begin({
        signal: signalOf(options),
        track,
        send(id, signal) {
          const text = callText(id, method, request, withoutSignal(options, signal));
          go.call(text, ...(signal?.aborted ? [signal.reason] : []));
        },
        abort: (id, signal) => go.abort(id, signal.reason),
      }),
  };
}

/** Starts a program. */
export async function run(
  module: WebAssembly.Module,
  outcomes: Outcomes,
): Promise<{ program: Program; core: GoCore }> {
  const program = new Program();
  const printer = new Printer();
  const scope = makeScope();
  wasmExec(scope);
  scope.fs.writeSync = (fd, bytes) => printer.write(fd, bytes);
  let core: GoCore | undefined;
  const host: Host = {
    ...outcomes,
    ...makeRequests(() => core as GoCore),
    ready: (given) => {
      core = given;
    },
  };
  scope.gwsOutboundHost = host;
  const go = makeGo(scope.Go, program, printer);
  try {
    const instance = await WebAssembly.instantiate(module, go.importObject);
    // It is ready when run returns, though run's promise settles only at the
    // program's end. Where it could not run, that has rejected by now.
    await Promise.race([go.run(instance), Promise.resolve()]);
  } catch (cause) {
    throw unavailable(
      `it does not fit this loader (${cause}); index.js and outbound.wasm must come from the same build`,
      cause,
    );
  }
  if (program.ended) {
    throw program.error();
  }
  if (!core) {
    throw unavailable("it is a Go program, but not gws-outbound");
  }
  return { program, core };
}

/** Makes a run of Go whose end is told to `program`, however it comes. */
function makeGo(Base: new () => Go, program: Program, printer: Printer): Go {
  class Run extends Base {
    override exit = (code: number) => {
      this.#end(`ended with exit code ${code}`);
    };

    // The browser calls in here for every event and timer that the program
    // had asked for, also after its end.
    override _resume() {
      if (program.ended) {
        return;
      }
      try {
        super._resume();
      } catch (trap) {
        // Thrown by WebAssembly itself, or out of a call from Go: the stack
        // of the program is unwound, it cannot go on.
        this.#end(`was stopped by ${trap}`, trap);
      }
    }

    #end(reason: string, cause?: unknown) {
      if (program.ended) {
        return;
      }
      this._scheduledTimeouts.forEach(clearTimeout);
      this._scheduledTimeouts.clear();
      printer.flush();
      const words = printer.lastWords;
      program.end({ reason: `${reason}${words && ` (${words})`}`, cause });
    }
  }
  return new Run();
}

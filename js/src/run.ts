import wasmExec, { type Go } from "go:wasm_exec";
import { OutboundError, type OutboundErrorInit } from "./error.js";
import { Printer } from "./print.js";
import { Program } from "./program.js";
import type { Core, Host } from "./protocol.js";
import { request } from "./request.js";
import { makeScope } from "./scope.js";
import { unavailable } from "./unavailable.js";

const programs = new WeakMap<WebAssembly.Module, Promise<Program>>();

/** Gives the running program of a module; starts one if there is none (any more). */
export function running(module: WebAssembly.Module): Promise<Program> {
  let program = programs.get(module);
  if (!program) {
    program = run(module, (init) => new OutboundError(init));
    programs.set(module, program);
    const forget = () => programs.delete(module);
    program.then((started) => started.onEnd(forget), forget);
  }
  return program;
}

/** Starts a program; its promises reject with what `makeError` gives. */
export async function run(
  module: WebAssembly.Module,
  makeError: (init: OutboundErrorInit) => unknown,
): Promise<Program> {
  const program = new Program();
  const printer = new Printer();
  const scope = makeScope();
  wasmExec(scope);
  scope.fs.writeSync = (fd, bytes) => printer.write(fd, bytes);
  let core: Core | undefined;
  const host: Host = {
    makeError,
    request,
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
  program.core = core;
  return program;
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

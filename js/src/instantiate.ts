import wasmExec, { type Go } from "go:wasm_exec";
import { clock, NativeMap } from "./builtins.js";
import { Printer } from "./print.js";
import { Program } from "./program.js";
import { type Answered, makeRequests, type Requests } from "./request.js";
import { makeScope } from "./scope.js";
import { unavailable } from "./unavailable.js";

/** What Go finds in its globalThis as `gwsOutboundHost`. Go calls each function without its object. */
interface Host extends Requests {
  /** Called once, before `run` returns. */
  ready(core: GoCore): void;
  /** Sends a text to the page that has this port. Must not throw. */
  send(port: number, text: string): void;
}

/** What Go gives to its host. */
interface GoCore extends Answered {
  /** Takes a text from the page that has this port, whose number the host chooses. */
  receive(port: number, text: string): void;
}

/** A program that runs. */
export interface Running {
  program: Program;
  receive(port: number, text: string): void;
}

/** What a program uses in place of the browser's own. */
export interface Network {
  WebSocket: (url: string, protocols: string[]) => WebSocket;
  /** Called before each HTTP request. */
  onRequest(): void;
}

/** Starts a program. */
export async function instantiate(
  module: WebAssembly.Module,
  send: (port: number, text: string) => void,
  network?: Network,
): Promise<Running> {
  const program = new Program();
  const printer = new Printer();
  const scope = makeScope(program);
  wasmExec(scope, NativeMap, clock);
  scope.fs.writeSync = (fd, bytes) => printer.write(fd, bytes);
  let core: GoCore | undefined;
  const requests = makeRequests(() => core as GoCore);
  const host: Host = {
    ...requests,
    request(id, text) {
      network?.onRequest();
      requests.request(id, text);
    },
    send,
    ready: (given) => {
      core = given;
    },
  };
  scope.gwsOutboundHost = host;
  if (network) {
    scope.WebSocket = network.WebSocket;
  }
  const go = makeGo(scope.Go, program, printer);
  try {
    const instance = await WebAssembly.instantiate(module, go.importObject);
    // It is ready when run returns, though run's promise settles only at the
    // program's end. Where it could not run, that has rejected by now.
    let wrong: { cause: unknown } | undefined;
    go.run(instance).then(undefined, (cause) => {
      wrong = { cause };
    });
    await undefined;
    if (wrong) {
      throw (wrong as { cause: unknown }).cause;
    }
  } catch (cause) {
    throw unavailable(
      `it does not fit this loader (${cause}); index.js and outbound.wasm must come from the same build`,
      "errors.md#wasm-version",
      cause,
    );
  }
  if (program.ended) {
    throw program.error({ delivery: "not-sent", referenceId: undefined });
  }
  if (!core) {
    throw unavailable("it is a Go program, but not gws-outbound", "errors.md#other-program");
  }
  const { receive } = core;
  return { program, receive };
}

/** Makes a run of Go whose end `program` learns of, however it comes. */
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

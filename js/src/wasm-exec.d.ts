// Go's own wasm_exec.js, which build.mjs takes from the Go that compiles the
// module and encloses in a function: see there.
declare module "go:wasm_exec" {
  /** Runs wasm_exec.js with `scope` as its globalThis, and the Map of JavaScript, and what tells the time; leaves the class `Go` there. */
  export default function wasmExec(
    scope: Scope,
    map: MapConstructor,
    performance: { now(): number },
  ): void;

  /** What wasm_exec.js reads and writes in its globalThis. */
  export interface Scope {
    Go: new () => Go;
    fs: { writeSync(fd: number, bytes: Uint8Array): number };
    [name: string]: unknown;
  }

  /** One run of a Go program. */
  export interface Go {
    importObject: WebAssembly.Imports;
    /** Called when the program ends, before anything else learns of it. */
    exit: (code: number) => void;
    run(instance: WebAssembly.Instance): Promise<void>;
    /** Hands control to the program; throws once it has ended. */
    _resume(): void;
    /** The program's timers, by id. */
    _scheduledTimeouts: Map<number, ReturnType<typeof setTimeout>>;
  }
}

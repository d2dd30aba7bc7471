import type {
  ClientState,
  CompleteRecordOptions,
  CompleteRecordRequest,
  OutboundClient,
  RecordEvent,
  StateChangeDetail,
  Transport,
} from "./api.js";
import { own } from "./load-options.js";
import type { Program } from "./program.js";
import { type GoOptions, type Handle, newTrack } from "./protocol.js";

/** A client in Go, as JavaScript knows it. */
export class Client extends EventTarget implements OutboundClient {
  readonly #program: Program;
  #handle!: Handle;
  #state: ClientState = "connecting";
  #transport: Transport | null = null;
  #pending = 0;
  #forget: () => unknown = () => {};

  /** Connects a client in `program`. */
  static async connect(program: Program, options: GoOptions): Promise<Client> {
    const client = new Client(program);
    try {
      client.#handle = await program.call(newTrack(), () =>
        program.core.createClient(options, {
          statechange: (detail) => client.#change(detail),
          notification: (detail) => client.#dispatch("notification", detail),
        }),
      );
      return client;
    } catch (error) {
      client.#forget();
      throw error;
    }
  }

  private constructor(program: Program) {
    super();
    this.#program = program;
    this.#forget = program.onEnd(() => {
      this.#change({
        state: "closed",
        transport: null,
        reason: program.error().message,
      });
    });
  }

  get state(): ClientState {
    return this.#state;
  }

  get transport(): Transport | null {
    return this.#transport;
  }

  get pending(): number {
    return this.#pending;
  }

  async completeRecord(
    request: CompleteRecordRequest,
    options?: CompleteRecordOptions,
  ): Promise<RecordEvent> {
    const fields = own(request, "request");
    const settings = own(options, "options");
    const track = newTrack();
    this.#pending++;
    try {
      return await this.#program.call(track, () =>
        this.#handle.completeRecord(fields, settings, track),
      );
    } finally {
      this.#pending--;
    }
  }

  async close(): Promise<void> {
    // A program that has ended took the session with it: nothing is left to do.
    if (!this.#program.ended) {
      await this.#program.call(newTrack(), () => this.#handle.close());
    }
  }

  #change(detail: StateChangeDetail): void {
    this.#state = detail.state;
    this.#transport = detail.transport;
    if (detail.state === "closed") {
      this.#forget();
    }
    this.#dispatch("statechange", detail);
  }

  #dispatch(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

import type { ToPage } from "./wire.js";

/** One end of the road between a page and a Go program. Only text crosses. */
export interface Port {
  send(text: string): void;
  /** Is given the messages of each text that the other end sends. Set before anything is sent. */
  onmessages: (messages: ToPage[]) => void;
}

// A WebSocket that a dedicated Worker dials before its program is there: as soon as the server has said who is signed in. Not
// sooner, since a session is that of whoever the upgrade was signed in as. On a page's thread, or in a shared
// Worker, a program has clients of several sign-ins, and each dials for itself.

import { clearTimeout, clock, NativeURL, setTimeout } from "./builtins.js";

/** How long a socket waits for the program, in ms: by then, that does not take the page's word for who is signed in. */
const patience = 5000;

interface Ahead {
  socket: WebSocket;
  /** When it was dialled: a timer may be late. */
  began: number;
  /** Its end, if that has come. */
  closed: CloseEvent | undefined;
  timer: ReturnType<typeof setTimeout>;
}

let ahead: Ahead | undefined;
/** Whether the program has begun to dial, or to make requests. */
let begun = false;

/** Dials, unless the program has begun. Where that fails, the program finds out why. */
export function dialAhead(url: string): void {
  if (begun) {
    return;
  }
  // The program dials again then, and sees by itself what the policy forbids.
  addEventListener("securitypolicyviolation", dropAhead, { once: true });
  try {
    const socket = new WebSocket(url);
    const timer = setTimeout(dropAhead, patience);
    const dialled: Ahead = { socket, began: clock.now(), closed: undefined, timer };
    socket.onclose = (event) => {
      dialled.closed = event;
    };
    ahead = dialled;
    Dialled.isAhead = true;
  } catch {
    // There is none to be had.
  }
}

/** Closes the socket that the program has not taken: it has begun otherwise. */
export function dropAhead(): void {
  const socket = take()?.socket;
  if (socket?.readyState === WebSocket.CONNECTING) {
    // Firefox takes a socket that is closed now for one that was refused, and holds back the next.
    socket.onopen = () => socket.close();
  } else {
    socket?.close();
  }
}

function take(): Ahead | undefined {
  const taken = ahead;
  ahead = undefined;
  Dialled.isAhead = false;
  begun = true;
  clearTimeout(taken?.timer);
  return taken;
}

/**
 * What the program takes for the constructor WebSocket. The first time it gives the socket that was dialled ahead, if there is one
 * to this URL. What that has said already, it says once more, to the listeners that are added now.
 */
export function Dialled(url: string, protocols: string[]): WebSocket {
  if (
    ahead &&
    ahead.socket.url === new NativeURL(url).href &&
    clock.now() - ahead.began < patience
  ) {
    const { socket, closed } = ahead;
    const { readyState } = socket;
    const said = closed ? new CloseEvent("close", closed) : new Event("open");
    if (closed || readyState <= WebSocket.OPEN) {
      take();
      if (readyState !== WebSocket.CONNECTING) {
        queueMicrotask(() => socket.dispatchEvent(said));
      }
      return socket;
    }
  }
  dropAhead();
  return new WebSocket(url, protocols);
}

/** Whether a socket is there that was dialled ahead. The program asks before it constructs one. */
Dialled.isAhead = false;

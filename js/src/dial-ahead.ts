// A WebSocket that is dialled before the program asks for it: as soon as the server has said who is signed in, while
// the module is still loading. Not sooner, since a session is that of whoever the upgrade was signed in as.

import { clearTimeout, NativeURL, setTimeout } from "./builtins.js";

/** How long a socket waits for the program, in ms: by then, the program does not take the page's word for who is signed in. */
const patience = 5000;

interface Ahead {
  socket: WebSocket;
  /** Its end, if that has come: it opens no more. */
  closed: CloseEvent | undefined;
  timer: ReturnType<typeof setTimeout>;
}

let ahead: Ahead | undefined;

/** Dials, on the thread of the program. Where that fails, the program finds out why. */
export function dialAhead(url: string): void {
  dropAhead();
  try {
    const socket = new WebSocket(url);
    const dialled: Ahead = { socket, closed: undefined, timer: setTimeout(dropAhead, patience) };
    socket.onclose = (event) => {
      dialled.closed = event;
    };
    ahead = dialled;
  } catch {
    // Such as a page's policy.
  }
}

/** Closes the socket that nobody has taken. */
export function dropAhead(): void {
  take()?.socket.close();
}

function take(): Ahead | undefined {
  const taken = ahead;
  ahead = undefined;
  clearTimeout(taken?.timer);
  return taken;
}

/**
 * What the program takes for the constructor WebSocket: gives the socket to this URL that was dialled ahead, if there is one. What
 * that has said already, it says once more to the listeners that are added now.
 */
export function Dialled(url: string, protocols: string[]): WebSocket {
  const taken = take();
  if (taken?.socket.url !== new NativeURL(url).href) {
    taken?.socket.close();
    return new WebSocket(url, protocols);
  }
  const { socket, closed } = taken;
  if (socket.readyState !== WebSocket.CONNECTING) {
    const said = closed ? new CloseEvent("close", closed) : new Event("open");
    queueMicrotask(() => socket.dispatchEvent(said));
  }
  return socket;
}

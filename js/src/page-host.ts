// Runs the Go program on the calling thread. One program serves all clients of a module there.

import { instantiate } from "./instantiate.js";
import { Link } from "./link.js";
import type { Port } from "./port.js";
import { fromText, type ToPage } from "./wire.js";

/** The number of the one port. */
const page = 1;

const links = new WeakMap<WebAssembly.Module, Promise<Link>>();

/** Gives the road to the running program of a module; starts one if there is none (any more). */
export function linkToPage(module: WebAssembly.Module): Promise<Link> {
  let link = links.get(module);
  if (!link) {
    link = start(module);
    links.set(module, link);
    const forget = () => links.delete(module);
    link.then(({ program }) => program.onEnd(forget), forget);
  }
  return link;
}

async function start(module: WebAssembly.Module): Promise<Link> {
  const port: Port = { send: () => {}, onmessages: () => {} };
  const { program, receive } = await instantiate(module, (_, text) =>
    port.onmessages(fromText(text) as ToPage[]),
  );
  port.send = (text) => receive(page, text);
  return new Link(port, program, "page");
}

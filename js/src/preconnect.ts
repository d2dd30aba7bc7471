import { NativeURL } from "./builtins.js";
import { pageOrigin } from "./url.js";

/**
 * Has the browser connect to the server while the module loads: the first request then saves the round trips of
 * TCP and TLS. It sends nothing. What is wrong with the options is left for the module to say.
 */
export function preconnect(baseUrl: unknown, credentials: unknown): void {
  const { document } = globalThis;
  const page = pageOrigin();
  if (!document || (baseUrl !== undefined && typeof baseUrl !== "string")) {
    return;
  }
  try {
    const { protocol, origin } = new NativeURL(baseUrl ?? page ?? "");
    if (!/^https?:$/.test(protocol) || (protocol === "http:" && /^https:/.test(page ?? ""))) {
      return;
    }
    // Browsers keep connections that carry credentials apart from those that do not, as preflights.
    const own = origin === page;
    if (credentials !== "omit" && (own || credentials !== "same-origin")) {
      connect(origin, "use-credentials");
    }
    if (!own || credentials === "omit") {
      connect(origin, "anonymous");
    }
  } catch {
    // It only saves time.
  }
}

function connect(origin: string, crossOrigin: string): void {
  const link = document.createElement("link");
  link.rel = "preconnect";
  link.href = origin;
  link.crossOrigin = crossOrigin;
  document.head.append(link);
  link.remove();
}

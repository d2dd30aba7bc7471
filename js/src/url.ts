// URLs, and what is secret in them. Where the page was opened with a user's name and password in its URL, browsers keep
// these in the base of the page's URLs, Firefox and WebKit in those of scripts as well, and all refuse to fetch such a URL. They
// know the user by then, and send the password without it.

import { defineProperty, NativeURL } from "./builtins.js";

/** Takes the user's name and password off a URL of the page's own. */
export function withoutUser(url: URL): URL {
  if (!hasUser(url)) {
    return url;
  }
  const clean = new NativeURL(url);
  clean.username = "";
  clean.password = "";
  return clean;
}

export function hasUser({ username, password }: URL): boolean {
  return username !== "" || password !== "";
}

/** Resolves what the caller gave, which may be relative to the page. A user that is not the page's own stays in it. */
export function resolveUrl(url: string | URL): URL {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (base === undefined) {
    return new NativeURL(url);
  }
  const page = new NativeURL(base);
  const resolved = new NativeURL(url, withoutUser(page));
  const own =
    resolved.host === page.host &&
    resolved.username === page.username &&
    resolved.password === page.password;
  return own ? withoutUser(resolved) : resolved;
}

/**
 * The origin of this page; "null" where it has none. A frame by srcdoc, or about:blank, has that of its parent, which `location` does not
 * know. But `origin` may be a variable of the page's own.
 */
export function pageOrigin(): string | undefined {
  const { location, origin } = globalThis;
  const known = location?.origin;
  const inherits = known === "null" && typeof origin === "string" && /^https?:\/\//.test(origin);
  return inherits ? origin : known;
}

/** What a message says of a URL: neither its user nor its query, which may be a signature. */
export function shown(url: URL): string {
  const text = withoutSecrets(url.href);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

/** Takes users and queries out of the URLs that a text has. */
export function withoutSecrets(text: string): string {
  return text.replace(
    /([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#"'<>\\]*@)?([^\s?#"'<>]*)([?#][^\s"'<>]*)?/gi,
    (_, scheme, rest, query) => `${scheme}${rest}${query ? "?…" : ""}`,
  );
}

/** Takes the user out of a stack, where browsers have the URL of each script. */
export function cleanStack(error: Error): void {
  const { stack } = error;
  if (typeof stack !== "string") {
    return;
  }
  const value = stack.replace(/(:\/\/)[^\s/?#]*@/g, "$1");
  if (value !== stack) {
    defineProperty(error, "stack", {
      __proto__: null,
      value,
      configurable: true,
      writable: true,
    } as PropertyDescriptor);
  }
}

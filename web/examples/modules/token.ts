// Bearer tokens: one that has expired is renewed.

import { createClient } from "gws-outbound";

/** Gets a token from the page's own server, which knows the agent. */
async function getToken(): Promise<string> {
  const response = await fetch("/token", { method: "POST" });
  if (!response.ok) {
    throw new Error(`no token: HTTP ${response.status}`);
  }
  return (await response.json()).access_token;
}

export function connect() {
  return createClient({
    baseUrl: "https://gws.example.com",
    // Asked once when the client is made, and again after each 401.
    headers: async () => ({ Authorization: `Bearer ${await getToken()}` }),
  });
}

// Signing in with a user name and a password.

import { createClient } from "gws-outbound";

export async function atTheSimulator() {
  const client = await createClient({
    baseUrl: "http://127.0.0.1:8080",
    headers: { Authorization: `Basic ${btoa("agent:secret")}` },
  });
  return client;
}

export async function withPassword() {
  const client = await createClient({
    baseUrl: "https://gws.example.com",
    headers: { Authorization: `Basic ${btoa("agent:secret")}` },
  });
  return client;
}

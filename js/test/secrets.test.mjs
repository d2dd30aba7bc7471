// What was sent or received as a secret is in no text: a server repeats all of it, wherever it can (internal/testserver,
// Echo); and what a page's URLs have of a user and a password is nowhere.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { settle, site, testInPage } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const server = process.env.TEST_SERVER;
const encodings = ["plain", "percent", "json", "units", "html", "base64", "inside"];
const places = [
  [
    "sign-in 403",
    "sign-in status",
    "sign-in HTML",
    "sign-in text",
    "sign-in redirect",
    "CSRF name",
  ],
  ["POST 403", "POST 500", "POST status", "POST status 403", "POST HTML", "POST text", "POST cut"],
  ["handshake none", "handshake types", "connect none", "connect ext", "subscribe", "disconnect"],
  ["CometD 403", "CometD HTML", "CometD text", "close", "event", "event type", "POST redirect"],
];

/** Of these, the errors quote something; and these are reached once the client is connected, or final. */
const quoted =
  /^(sign-in (403|status|text)|POST (403|500|status|text|cut)|handshake none|connect none|subscribe|disconnect|event type)/;
const afterConnecting =
  /^(sign-in (403|status)|POST|event|handshake none|connect none|disconnect|subscribe)/;
/** Of these, a call has its end at once, or some 2 s after the answer to its POST. */
const answered = /^(POST|event type)/;

const inGo = "what is withheld is decided in Go, whatever the engine";

/** Decodes a text in every way that the server encodes one, again and again. */
function readings(text) {
  const all = new Set([text]);
  for (let i = 0; i < 3; i++) {
    for (const s of [...all]) {
      all.add(s.replaceAll("+", " "));
      all.add(s.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(`0x${hex}`)));
      all.add(s.replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(`0x${hex}`)));
      all.add(s.replace(/\\(.)/g, "$1"));
      all.add(
        s.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)).replaceAll("&amp;", "&"),
      );
    }
  }
  for (const s of [...all]) {
    for (const word of s.match(/[\w+/-]{8,}/g) ?? []) {
      for (let skip = 0; skip < 4; skip++) {
        all.add(Buffer.from(word.slice(skip), "base64").toString());
      }
    }
  }
  return [...all];
}

function assertNoSecret(secrets, text) {
  const texts = readings(text);
  for (const secret of secrets) {
    const parts = secret
      .split(" ")
      .filter((part) => part.length >= 6 && !/^(Bearer|Basic)$/.test(part));
    for (const part of parts) {
      for (let at = 0; at + Math.min(12, part.length) <= part.length; at++) {
        const piece = part.slice(at, at + 12);
        assert.ok(!texts.some((s) => s.includes(piece)), `${piece} of ${secret} is in ${text}`);
      }
    }
  }
}

for (const transport of ["websocket", "long-polling"]) {
  places.forEach((some, part) => {
    testInPage(
      `what a server repeats is withheld, over ${transport}, part ${part + 1}`,
      async (page, said) => {
        const cookie = `c00k1e0f${transport.length}x${part}q9w8e7r6t5y4`;
        for (const [i, place] of some.entries()) {
          let withheld = 0;
          const patience = afterConnecting.test(place) ? 10_000 : 500;
          const ackTimeout = answered.test(place) ? 10_000 : 1500;
          const few = [0, 2, 5].map((n) => encodings[(i + n) % encodings.length]); // all are tried in internal/core
          const jobs = few.map(async (encoding, n) => {
            const baseUrl = `${server}/echo/${randomUUID()}/${encodeURIComponent(place)}/${encoding}/${(i + n) % 6}`;
            const options = { baseUrl, transport, request, cookie, patience, ackTimeout };
            const texts = await page.evaluate(textsOver, options);
            const ask = async () => (await fetch(`${baseUrl}/seen`)).json();
            let secrets = await ask();
            for (let i = 0; secrets === null && i < 3; i++) {
              // Nothing has reached the server in that time, which is short for a busy machine.
              texts.push(...(await page.evaluate(textsOver, options)));
              secrets = await ask();
            }
            assert.ok(secrets.includes(cookie), `${place}: ${secrets}`);
            for (const text of texts) {
              assertNoSecret(secrets, text);
              withheld += text.split("[withheld]").length - 1;
            }
            return secrets;
          });
          const secrets = (await Promise.all(jobs)).flat();
          assertNoSecret(secrets, said.splice(0).join("\n"));
          assert.ok(withheld > 0 || !quoted.test(place), `nothing of ${place} was quoted`);
        }
      },
      {
        complaints: /Failed to load resource|WebSocket connection to/,
        needs: { firefox: inGo, webkit: inGo },
      },
    );
  });
}

/** Runs in the page: all texts that a client, and a call of it, come to. */
async function textsOver({ baseUrl, transport, request, cookie, patience, ackTimeout }) {
  // biome-ignore lint/suspicious/noDocumentCookie: that is what is to be found
  document.cookie = `seen=${cookie}; path=/`;
  const gws = await import("/dist/index.js");
  const texts = [];
  const note = (error) => {
    for (let e = error; e !== undefined && e !== null; e = e.cause) {
      const { event, cause, ...rest } = e; // the event is the caller's
      texts.push(String(e), e.message, JSON.stringify(rest), e.stack ?? "");
    }
  };
  let asked = 0;
  const options = {
    baseUrl,
    transports: [transport],
    logLevel: "debug",
    connectTimeout: patience,
    ackTimeout,
    headers: () => ({
      Authorization: `Basic ${btoa(`agent:pass${++asked}+word`)}`,
      "X-Secret": `Bearer eyJhbGciOi.JIUz${asked}+/k&I1NiJ9`,
    }),
  };
  try {
    const client = await gws.createClient(options);
    client.addEventListener("statechange", ({ detail }) => texts.push(JSON.stringify(detail)));
    try {
      await client.completeRecord({
        ...request,
        phoneNumber: "+49 30/1234567",
        callingList: "List/of people",
      });
    } catch (error) {
      note(error);
    }
    texts.push(`${client.reason}`);
    await client.close();
    texts.push(`${client.reason}`);
  } catch (error) {
    note(error);
  }
  return texts;
}

const wrongHeaders = {
  "a value": { Authorization: "Bearer hidden-value\n!" },
  "a pair": [["Authorization", "Bearer hidden-value\n!"]],
  "a name": { "hidden value": "a" },
  "a letter": { Authorization: "hidden-valuł" },
};
for (const [name, wrong] of Object.entries(wrongHeaders)) {
  testInPage(
    `header fields that the browser does not take are not quoted: ${name}`,
    async (page) => {
      const simulator = await Simulator.start();
      for (const asFunction of [false, true]) {
        const text = await page.evaluate(
          async (baseUrl, wrong, asFunction) => {
            const gws = await import("/dist/index.js");
            const headers = asFunction ? () => wrong : wrong;
            const error = await gws.createClient({ baseUrl, headers }).catch((error) => error);
            return `${error} ${error.cause} ${error.stack} ${JSON.stringify(error)}`;
          },
          simulator.url,
          wrong,
          asFunction,
        );
        assert.match(text, /headers.*header can have/s);
        assert.doesNotMatch(text, /hidden/);
      }
    },
  );
}

// The page's own URLs.

const withUser = site.url.replace("//", "//agent:password7@");

for (const path of ["/strict", "/no-worker"]) {
  testInPage(
    `a page that was opened with a password in its URL connects: ${path}`,
    async (page, said) => {
      const simulator = await Simulator.start();
      for (const wasmUrl of [undefined, "/dist/outbound.wasm", "dist/outbound.wasm"]) {
        const outcome = await settle(page, "createClient", {
          baseUrl: simulator.url,
          headers,
          wasmUrl,
        });
        assert.deepEqual(outcome, { value: "a client" });
      }
      const absent = await settle(page, "load", { wasmUrl: "/absent.wasm?signature=abc" });
      assert.equal(absent.error.code, "LOAD_FAILED");
      assert.doesNotMatch(JSON.stringify([absent, said]), /password7|signature/);
      const stack = await page.evaluate(async (url) => {
        const gws = await import("/dist/index.js");
        const error = await gws
          .createClient({ baseUrl: "x:", wasmUrl: url })
          .catch((error) => error);
        return error.stack;
      }, "/dist/outbound.wasm");
      assert.doesNotMatch(stack, /password7/);
    },
    { path: withUser + path, complaints: /404|worker-src/ },
  );
}

testInPage("a URL in the options with a password is refused, and not quoted", async (page) => {
  const url = `${withUser}/dist/outbound.wasm?token=abc`;
  for (const [field, options] of Object.entries({
    wasmUrl: { wasmUrl: url },
    baseUrl: { baseUrl: withUser },
  })) {
    const { error } = await settle(page, "createClient", options);
    assert.equal(error.code, "INVALID_REQUEST");
    assert.equal(error.problems[0].field, field);
    assert.match(error.message, /a user name or password does not belong in the URL/);
    assert.doesNotMatch(JSON.stringify(error), /password7|abc/);
  }
});

testInPage(
  "the query of wasmUrl is in no error",
  async (page, said) => {
    for (const path of ["/absent.wasm", "/html.wasm", "/damaged.wasm"]) {
      const wasmUrl = `${path}?signature=0123abc#fragment=0123abc`;
      const { error } = await settle(page, "load", { wasmUrl });
      assert.match(error.message, new RegExp(`${path}\\?…`));
      assert.doesNotMatch(JSON.stringify(error), /0123abc/);
    }
    const { error } = await settle(page, "load", {
      wasmUrl: "http://127.0.0.1:1/a.wasm?signature=0123abc",
    });
    assert.doesNotMatch(
      JSON.stringify([error, said.filter((line) => /gws-outbound/.test(line))]),
      /0123abc/,
    );
  },
  { complaints: /404|Failed to load|ERR_|CORS|NetworkError|Cross-Origin/ },
);

// What the server answers to a POST, and what of it the caller learns.

import assert from "node:assert/strict";
import { failures } from "./engine.mjs";
import { complete, connect, testOverEach } from "./in-browser.mjs";
import { request } from "./sample.mjs";
import { headers, Simulator } from "./simulator.mjs";

const answers = {
  "a pause that is asked for": {
    fault: {
      status: 503,
      body: "busy",
      header: { "Retry-After": "2", "Access-Control-Expose-Headers": "Retry-After" },
    },
    expected: { code: "HTTP_ERROR", delivery: "unknown", httpStatus: 503 },
    message: /Retry-After: "2"/,
  },
  "an internal error": {
    fault: { body: '{"statusCode":4}' },
    expected: { code: "API_ERROR", delivery: "unknown", statusCode: 4 },
  },
  "an internal error once it was processed": {
    fault: { body: '{"statusCode":4}', processed: true },
  },
  "letters of another charset": {
    // The body is sent in UTF-8: what the header says is two letters for each of those that are not ASCII.
    fault: {
      body: '{"statusCode":2,"statusMessage":"Herr Müller"}',
      header: { "Content-Type": "application/json;charset=ISO-8859-1" },
    },
    expected: { code: "API_ERROR", delivery: "rejected", statusMessage: "Herr MÃ¼ller" },
  },
};

testOverEach(
  "each answer to a POST is understood",
  async (page, over) => {
    const simulator = await Simulator.start();
    const session = await connect(page, { baseUrl: simulator.url, headers, ...over });
    const rows = Object.entries(answers);
    await simulator.set({
      faults: rows.map(([, { fault }]) => ({ at: "post", do: "answer", ...fault })),
    });
    const pending = [];
    for (const [referenceId] of rows) {
      pending.push(complete(session, { ...request, referenceId }));
      await simulator.call("wait-posts", { n: pending.length });
    }
    const outcomes = await Promise.all(pending);
    for (const [i, [name, { expected, message = /./ }]] of rows.entries()) {
      const { value, error } = outcomes[i];
      if (expected) {
        const fields = Object.keys(expected).map((field) => [field, error?.[field]]);
        assert.deepEqual(Object.fromEntries(fields), expected, `${name}: ${error?.message}`);
        assert.match(error.message, message);
      } else {
        assert.equal(value?.referenceId, name, error?.message);
      }
    }
  },
  { complaints: failures },
);
